// Package label collects what people say of answers and makes labels of it, by which a
// confidence is fitted and a promise is held: which turns to look at next, so that a
// figure is known soonest; a page to look at them; files to do so elsewhere; and lines that
// `recado eval calibrate --labels` reads, each with what it stands for.
//
// What was drawn by a known chance speaks for all turns, and weighs one over that chance.
// What agents say of what they got speaks for that alone: it is marked as biased, helps to
// fit, and decides no threshold.
package label

//go:build race

package main

// racing tells whether the race detector looks on, which makes a model's work eight times
// as long.
const racing = true

package main

import "strconv"

// counted writes a number with the word that fits it, "1 passage" and "2 passages".
func counted(n int, one, many string) string { return strconv.Itoa(n) + " " + worded(n, one, many) }

// worded is the word that fits a number.
func worded(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

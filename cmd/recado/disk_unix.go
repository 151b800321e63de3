//go:build linux || darwin

package main

import "syscall"

// freeSpace tells how many bytes this user may still write where the folder is.
func freeSpace(folder string) (bytes uint64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil || s.Bsize < 1 {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}

// Package suites holds the suites that ship with Recado.
package suites

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed demo/*.yaml
var files embed.FS

// Demo returns the files of the demo shop's suite, all in the root.
func Demo() fs.FS {
	root, err := fs.Sub(files, "demo")
	if err != nil {
		// fs.Sub fails on an invalid path alone, and the path is a constant.
		panic(fmt.Sprintf("suites: open the embedded suite: %v", err))
	}
	return root
}

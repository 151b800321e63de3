package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/recado/recado/evals/suite"
)

// beside writes what a suite is about beside it, where the format has that.
func beside(c console, format, place, out string, one *suite.Suite) error {
	switch format {
	case "tau":
		return besideTau(c, place, out, one)
	case "beir":
		return besideBEIR(c, place, out, one)
	}
	return nil
}

// besideBEIR writes the documents of the corpus into a folder beside the suite.
func besideBEIR(c console, place, out string, one *suite.Suite) error {
	list, notes, err := suite.BEIRDocuments(os.DirFS(filepath.Dir(place)), filepath.Base(place))
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(c.err, "no corpus.jsonl lies in the folder, so that the suite has no shop of its own: name your documents in `shop: {knowledge: …}`")
		return nil
	}
	if err != nil {
		return err
	}
	folder := strings.TrimSuffix(out, filepath.Ext(out)) + ".documents"
	for _, language := range []string{"es", "en"} {
		if err := os.MkdirAll(filepath.Join(folder, language), 0o755); err != nil {
			return usagef("the folder %s can't be made", folder)
		}
	}
	for _, n := range notes {
		fmt.Fprintln(c.err, n)
	}
	for _, d := range list {
		err := writeFile(filepath.Join(folder, d.Name), func(w io.Writer) error { _, err := io.WriteString(w, d.Text); return err })
		if err != nil {
			return err
		}
	}
	one.Shop.Knowledge = []string{filepath.Base(folder)}
	return nil
}

// besideTau writes the shop of tau-bench's tasks beside the suite, where its database lies
// beside the tasks or above, and gives the customers the numbers that their orders have.
func besideTau(c console, tasks, out string, one *suite.Suite) error {
	root := filepath.Dir(filepath.Dir(tasks))
	name, err := filepath.Rel(root, tasks)
	if err != nil {
		return fmt.Errorf("find %s: %w", tasks, err)
	}
	shop, err := suite.OpenTauShop(os.DirFS(root), filepath.ToSlash(name))
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(c.err, "no folder db lies beside the tasks, so that the suite has no shop of its own")
		return nil
	}
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(out, filepath.Ext(out))
	for _, file := range []struct {
		end  string
		data []byte
		note func(name string)
	}{
		{".orders.json", shop.Orders, func(name string) { one.Shop.Orders = name }},
		{".policy.md", shop.Policy, func(name string) { one.Shop.Knowledge = []string{name} }},
	} {
		if file.data == nil {
			continue
		}
		err := writeFile(base+file.end, func(w io.Writer) error { _, err := w.Write(file.data); return err })
		if err != nil {
			return err
		}
		file.note(filepath.Base(base + file.end))
	}
	return shop.Give(one)
}

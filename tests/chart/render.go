// Renders a chart as helm does, for charts without dependencies: text/template with the functions of sprig and include, toYaml, fromYaml, required,
// and the chart's other files by .Files.Get.
//
//	render CHART NAMESPACE RELEASE [VALUES-FILE...]
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: render CHART NAMESPACE RELEASE [VALUES-FILE...]")
		os.Exit(2)
	}
	if err := render(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func render(chart, namespace, release string, overrides []string) error {
	values := map[string]interface{}{}
	for _, file := range append([]string{filepath.Join(chart, "values.yaml")}, overrides...) {
		layer := map[string]interface{}{}
		if err := read(file, &layer); err != nil {
			return err
		}
		merge(values, layer)
	}
	description := map[string]interface{}{}
	if err := read(filepath.Join(chart, "Chart.yaml"), &description); err != nil {
		return err
	}
	about := map[string]interface{}{}
	for key, value := range description {
		about[strings.ToUpper(key[:1])+key[1:]] = value
	}
	data := map[string]interface{}{
		"Values":  values,
		"Chart":   about,
		"Release": map[string]interface{}{"Name": release, "Namespace": namespace, "Service": "Helm"},
		"Files":   files{chart},
	}

	root := template.New("").Option("missingkey=zero")
	functions := sprig.TxtFuncMap()
	functions["toYaml"] = func(value interface{}) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	functions["fromYaml"] = func(text string) (map[string]interface{}, error) {
		value := map[string]interface{}{}
		err := yaml.Unmarshal([]byte(text), &value)
		return value, err
	}
	functions["include"] = func(name string, argument interface{}) (string, error) {
		var text bytes.Buffer
		err := root.ExecuteTemplate(&text, name, argument)
		return text.String(), err
	}
	functions["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, fmt.Errorf("%s", message)
		}
		return value, nil
	}
	root.Funcs(functions)

	var names []string
	err := filepath.Walk(filepath.Join(chart, "templates"), func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || (!strings.HasSuffix(path, ".yaml") && !strings.HasSuffix(path, ".tpl")) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if _, err = root.New(path).Parse(string(text)); err != nil {
			return err
		}
		if strings.HasSuffix(path, ".yaml") {
			names = append(names, path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	sort.Strings(names)
	for _, name := range names {
		var text bytes.Buffer
		if err := root.ExecuteTemplate(&text, name, data); err != nil {
			return err
		}
		// A reference to a value that is not there.
		if strings.Contains(text.String(), "<no value>") {
			return fmt.Errorf("%s refers to a value that is not there:\n%s", name, text.String())
		}
		if strings.TrimSpace(text.String()) != "" {
			fmt.Printf("---\n# Source: %s\n%s\n", filepath.Base(name), text.String())
		}
	}
	return nil
}

// The chart's files beside its templates.
type files struct{ chart string }

// Get is the text of a file; helm's is empty when there is none, which is always a mistake here.
func (files files) Get(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(files.chart, name))
	return string(text), err
}

func read(file string, into interface{}) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(text, into)
}

// Later values take the place of earlier ones, key by key within mappings.
func merge(into, layer map[string]interface{}) {
	for key, value := range layer {
		inner, isMap := value.(map[string]interface{})
		known, wasMap := into[key].(map[string]interface{})
		if isMap && wasMap {
			merge(known, inner)
		} else {
			into[key] = value
		}
	}
}

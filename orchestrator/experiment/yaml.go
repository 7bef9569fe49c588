package experiment

import (
	"fmt"

	"github.com/goccy/go-yaml" // positions in every error, strict decoding; MIT
	"github.com/goccy/go-yaml/ast"
)

// OneOrMany is a value or a list of values: `steps: 100` or `steps: [100, 5000]`.
type OneOrMany[T any] []T

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (o *OneOrMany[T]) UnmarshalYAML(node ast.Node) error {
	if _, isList := node.(*ast.SequenceNode); isList {
		return yaml.NodeToValue(node, (*[]T)(o), yaml.Strict())
	}
	var one T
	if err := yaml.NodeToValue(node, &one, yaml.Strict()); err != nil {
		return err
	}
	*o = []T{one}
	return nil
}

// TrainingSets keeps the order of the file: it is the order of every table.
type TrainingSets []TrainingSet

// UnmarshalYAML implements yaml.NodeUnmarshaler for a mapping of names to sets.
func (s *TrainingSets) UnmarshalYAML(node ast.Node) error {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		return &yaml.UnexpectedNodeTypeError{Actual: node.Type(), Expected: ast.MappingType, Token: node.GetToken()}
	}
	for entries := mapping.MapRange(); entries.Next(); {
		set := TrainingSet{}
		if err := yaml.NodeToValue(entries.Value(), &set, yaml.Strict()); err != nil {
			return err
		}
		if err := yaml.NodeToValue(entries.Key(), &set.Name); err != nil {
			return fmt.Errorf("name of a training set: %w", err)
		}
		*s = append(*s, set)
	}
	return nil
}

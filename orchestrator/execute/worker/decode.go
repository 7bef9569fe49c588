package worker

import (
	"bytes"
	"encoding/json"
)

// decodeExact decodes JSON into maps, lists and scalars with whole numbers as
// int64: a 63-bit seed does not survive float64.
func decodeExact(text []byte, value *any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(value); err != nil {
		return err
	}
	*value = exact(*value)
	return nil
}

func exact(value any) any {
	switch v := value.(type) {
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		fraction, _ := v.Float64()
		return fraction
	case map[string]any:
		for key, element := range v {
			v[key] = exact(element)
		}
	case []any:
		for i, element := range v {
			v[i] = exact(element)
		}
	}
	return value
}

package mask

import (
	"encoding/json"
	"fmt"
)

// written is a mask in a file: its runs as row, first column and the one after the last,
// one after another.
type written struct {
	Width  int   `json:"width"`
	Height int   `json:"height"`
	Runs   []int `json:"runs"`
}

// MarshalJSON implements json.Marshaler.
func (m *Mask) MarshalJSON() ([]byte, error) {
	w := written{m.Width, m.Height, make([]int, 0, 3*len(m.Runs))}
	for _, r := range m.Runs {
		w.Runs = append(w.Runs, r.Y, r.From, r.To)
	}
	return json.Marshal(w)
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Mask) UnmarshalJSON(text []byte) error {
	var w written
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	if len(w.Runs)%3 != 0 {
		return fmt.Errorf("%d numbers are no runs", len(w.Runs))
	}
	*m = Mask{Width: w.Width, Height: w.Height}
	for i := 0; i < len(w.Runs); i += 3 {
		m.Runs = append(m.Runs, Run{w.Runs[i], w.Runs[i+1], w.Runs[i+2]})
	}
	return nil
}

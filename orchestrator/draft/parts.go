package draft

import "regexp"

// Parts is what names of photos seem to say of parts.
type Parts struct {
	Pattern string // for dataset.parts
	Parts   int    // that it would tell apart
	Photos  int    // of which it would say the part
}

// partPatterns are ways in which names tell parts, the plainest first. Of each the
// first group names the part.
var partPatterns = []string{
	`(?i)[/_-](?:num|part|board|piece|sample|serial|sn|tile|wafer|unit)[_-]?(\d+)`,
	`([^/_]+)_[^/]*$`, // 0041005 of 0041005_446_392.png
	`([^/-]+)-[^/]*$`,
	`([^/]+)[_-]\d+\.\w+$`, // 2021_07_board of 2021_07_board_3.png
}

// partsIn looks for a pattern that gathers several photos in most parts, and never many.
// It is for people to decide whether they are parts: names look alike for other reasons
// too, and a division by whole parts has other numbers.
func partsIn(names []string) Parts {
	for _, text := range partPatterns {
		pattern := regexp.MustCompile(text)
		counts, told := map[string]int{}, 0
		largest := 0
		for _, name := range names {
			if match := pattern.FindStringSubmatch(name); match != nil {
				counts[match[1]]++
				told++
				largest = max(largest, counts[match[1]])
			}
		}
		// A prefix that a tenth of the photos share is that of a camera or a class.
		several := len(counts)*5 <= told*4
		if told*10 >= len(names)*9 && len(counts) > 2 && several && largest*10 <= max(len(names), 20) {
			return Parts{text, len(counts), told}
		}
	}
	return Parts{}
}

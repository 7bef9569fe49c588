package report

import "kizu/orchestrator/result"

// refereeResult is what a referee says, in results.json.
type refereeResult struct {
	Photos   int                   `json:"photos,omitempty"`     // of each defect that it learnt, at most
	Given    string                `json:"classifier,omitempty"` // which was there
	Tried    []judgedResult        `json:"tried"`                // on photos
	Images   []judgedResult        `json:"images"`               // study 2's
	Patterns []patternJudgedResult `json:"patterns"`
}

type judgedResult struct {
	Of              string `json:"of"`
	Images          int    `json:"images"`
	CalledSo        int    `json:"called_so"`
	CalledDefective int    `json:"called_defective"`
}

type patternJudgedResult struct {
	Pattern    string        `json:"pattern"`
	Identifier *calledResult `json:"identifier"`
	Noun       *calledResult `json:"noun_alone,omitempty"`
	Moved      result.Spread `json:"noun_moved,omitzero"`
	Precision  *float64      `json:"precision,omitempty"`
	Recall     *float64      `json:"recall,omitempty"`
}

type calledResult struct {
	CalledDefective result.Estimate `json:"called_defective"` // share
	Adjusted        *float64        `json:"p_holm,omitempty"` // of the difference from the reference
}

// refereeResult is nil without a referee, or before it has said anything.
func (r *Report) refereeResult() *refereeResult {
	made := r.judgedSamples()
	if len(r.trials)+len(made)+len(r.judged) == 0 {
		return nil
	}
	of := func(list []judged) []judgedResult {
		results := []judgedResult{}
		for _, j := range list {
			results = append(results, judgedResult{j.name, j.of.Images, j.of.Named, j.of.Defective})
		}
		return results
	}
	all := &refereeResult{r.plan.Experiment.Referee.Photos, r.plan.Experiment.Referee.Classifier, of(r.trials), of(made), []patternJudgedResult{}}
	for _, row := range r.judged {
		entry := patternJudgedResult{Pattern: row.name, Identifier: row.identifier.result(), Noun: row.noun.result(), Moved: row.moved}
		if row.hood != nil {
			entry.Precision, entry.Recall = &row.hood.precision, &row.hood.recall
		}
		all.Patterns = append(all.Patterns, entry)
	}
	return all
}

func (s *sharesCalled) result() *calledResult {
	if s == nil {
		return nil
	}
	return &calledResult{s.share, s.p}
}

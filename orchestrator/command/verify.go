package command

import (
	"fmt"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"kizu/orchestrator/store"
)

func newVerify(s *settings) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Hash every artifact again, and set damaged ones aside to be made again",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := s.existingStore()
			if err != nil {
				return err
			}
			all, err := st.VerifyAll(cmd.Context())
			if err != nil {
				return err
			}
			found := verifiedOf(all)
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), found)
			} else {
				err = found.print(cmd)
			}
			if err == nil && len(found.Damaged)+len(found.Unreadable) > 0 {
				return errDamaged
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object with counts and damaged artifacts")
	return cmd
}

// verified is what a verification found.
type verified struct {
	Artifacts  int          `json:"artifacts"`
	Damaged    []damaged    `json:"damaged"`
	Unreadable []unreadable `json:"unreadable"`
}

type damaged struct {
	*store.DamagedError
	Kept string `json:"kept"`            // where it was moved to; "" if it could not be
	Shut string `json:"stays,omitempty"` // why it could not
}

// unreadable is an artifact of which this user can say nothing. It stays where it is.
type unreadable struct {
	Kind    string `json:"kind"`
	Key     string `json:"key"`
	Problem string `json:"problem"`
}

func verifiedOf(v store.Verification) verified {
	found := verified{Artifacts: v.Artifacts, Damaged: []damaged{}, Unreadable: []unreadable{}}
	for _, d := range v.Damaged {
		each := damaged{d.DamagedError, d.Kept, ""}
		if d.Err != nil {
			each.Shut = d.Err.Error()
		}
		found.Damaged = append(found.Damaged, each)
	}
	for _, u := range v.Unreadable {
		found.Unreadable = append(found.Unreadable, unreadable{u.Kind, u.Key, u.Err.Error()})
	}
	return found
}

func (v verified) print(cmd *cobra.Command) error {
	out := cmd.OutOrStdout()
	for _, d := range v.Damaged {
		place := "now in " + d.Kept
		if d.Shut != "" {
			place = "which stays where it is: " + d.Shut
		}
		fmt.Fprintf(out, "damaged  %s/%s, %s\n", d.Kind, d.Key, place)
		for _, problem := range d.Problems {
			fmt.Fprintf(out, "         %s\n", problem)
		}
	}
	for _, u := range v.Unreadable {
		fmt.Fprintf(out, "cannot be read  %s/%s: %s\n", u.Kind, u.Key, u.Problem)
	}
	if n := len(v.Unreadable); n > 0 {
		fmt.Fprintf(out, "%d of %d %s be read, and %s: let this user read the store, or verify it as its owner\n", n, v.Artifacts,
			english.PluralWord(v.Artifacts, "artifact cannot", "artifacts cannot"), english.PluralWord(n, "stays where it is", "stay where they are"))
	}
	if n := len(v.Damaged); n > 0 {
		_, err := fmt.Fprintf(out, "%d of %d %s damaged; kizu run makes %s again\n", n, v.Artifacts,
			english.PluralWord(v.Artifacts, "artifact is", "artifacts are"), english.PluralWord(n, "it", "them"))
		return err
	}
	if len(v.Unreadable) > 0 {
		return nil
	}
	if v.Artifacts == 1 {
		_, err := fmt.Fprintln(out, "the only artifact is as it was committed")
		return err
	}
	_, err := fmt.Fprintf(out, "all %d artifacts are as they were committed\n", v.Artifacts)
	return err
}

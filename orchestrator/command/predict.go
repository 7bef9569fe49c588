package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/model"
	"kizu/orchestrator/predict"
)

// errUnread ends predictions some of whose photos could not be read, which are in the
// answer.
var errUnread = errors.New("some photos could not be read")

func newPredict(s *settings) *cobra.Command {
	p := &prediction{settings: s}
	cmd := &cobra.Command{
		Use:   "predict MODEL PHOTO|FOLDER…",
		Short: "Say what a kept classifier makes of photos",
		Long: `predict has a classifier of an experiment look at photos, and writes a line for each
as it goes: its class, the probabilities, and whether the part is to be sorted out.
MODEL is a folder with model.json and model.safetensors, as kizu export writes it.
Of a folder all images are taken, its subfolders' too. A photo that cannot be read
gets a line with what is wrong, and exit code 1.

A part is sorted out from the classifier's own threshold on, which classifier.folds
chooses, or from --threshold; without either, if it is called by a defect's name.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return errors.New("give a classifier's folder and photos: kizu predict MODEL PHOTO|FOLDER…")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("threshold") {
				p.threshold = &p.given
			}
			return p.run(cmd.Context(), args[0], args[1:], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&p.asJSON, "json", false, "print an object a line instead of CSV")
	cmd.Flags().Float64Var(&p.given, "threshold", 0, "sort parts out from this `score` on: 1 less the probability of the good class")
	return cmd
}

// prediction is one invocation of `kizu predict`.
type prediction struct {
	settings  *settings
	asJSON    bool
	given     float64
	threshold *float64 // nil for the classifier's own
}

func (p *prediction) run(ctx context.Context, folder string, paths []string, out, stderr io.Writer) error {
	classifier, err := model.FindClassifier(nil, folder)
	if err != nil {
		return err
	}
	if p.threshold == nil {
		p.threshold = classifier.Threshold
	} else if !(*p.threshold >= 0 && *p.threshold <= 1) { // NaN neither
		return fmt.Errorf("--threshold %g: a score is from 0 to 1", *p.threshold)
	}
	photos := predict.Photos(paths)
	if len(photos) == 0 {
		return errors.New("there are no images in what was given")
	}
	helper, device, err := p.start(ctx, classifier.Reproducible)
	if err != nil {
		return err
	}
	defer helper.Close()
	job := predict.Job{Classifier: classifier, Threshold: p.threshold, Ask: asking(helper, classifier, device)}
	write := predict.JSONLines(out)
	if !p.asJSON {
		if write, err = predict.CSV(out, classifier.Classes); err != nil {
			return err
		}
	}
	began := time.Now()
	sum, err := job.Run(ctx, photos, write)
	if err != nil {
		return err
	}
	if !p.settings.on(setQuiet) {
		p.say(stderr, sum, time.Since(began), device)
	}
	if sum.Errors > 0 {
		return errUnread
	}
	return nil
}

// start starts a worker on the first device of those that there are, with the kernels that
// the classifier was trained with.
func (p *prediction) start(ctx context.Context, reproducible bool) (*execute.Helper, string, error) {
	worker, err := workerCommand(p.settings)
	if err != nil {
		return nil, "", err
	}
	worker.Env = append(execute.WorkerEnvironment(reproducible || p.settings.on(setReproducible)), p.settings.cuda()...)
	devices, err := execute.Devices(ctx, worker, p.settings.devices())
	if err != nil {
		return nil, "", err
	}
	helper, err := execute.StartHelper(ctx, worker, devices[0])
	return helper, devices[0], err
}

// asking puts photos to a classifier in a worker.
func asking(helper *execute.Helper, classifier *model.Classifier, device string) predict.Ask {
	return func(ctx context.Context, files []string) ([]predict.Answer, error) {
		photos := make([]string, len(files))
		for i, file := range files {
			var err error
			if photos[i], err = filepath.Abs(file); err != nil {
				return nil, err
			}
		}
		request := map[string]any{"device": device, "classifier": classifier.Path, "photos": photos}
		var result struct {
			Answers []predict.Answer `json:"answers"`
		}
		err := helper.Ask(ctx, "predict.run", request, &result)
		return result.Answers, err
	}
}

// say tells people what the lines add up to.
func (p *prediction) say(stderr io.Writer, sum predict.Summary, took time.Duration, device string) {
	how := "called by a defect's name"
	if p.threshold != nil {
		how = fmt.Sprintf("with a score of %.3g or more", *p.threshold)
	}
	fmt.Fprintf(stderr, "kizu: %s in %.1f s on %s (%.3g a second): %d to be sorted out, %s\n",
		english.Plural(sum.Photos, "photo", "photos"), took.Seconds(), device, float64(sum.Photos)/took.Seconds(), sum.Defective, how)
	if sum.Learnt > 0 {
		fmt.Fprintf(stderr, "kizu: the classifier was trained on %d of them: what it says of these tells nothing about new ones\n", sum.Learnt)
	}
	if sum.Errors > 0 {
		fmt.Fprintf(stderr, "kizu: %s could not be read\n", english.Plural(sum.Errors, "photo", "photos"))
	}
}

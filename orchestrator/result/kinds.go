package result

// Kinds is how well probes of one network's features tell generated images from
// photos, and two controls. All are of as many images of every class, and no
// photo is in both of its kinds.
type Kinds struct {
	Generated Probe // Generated tells generated images from photos.

	Controlled  bool  // Controlled says that generated images went through the base's autoencoder whole, so that the other two are there.
	Autoencoded Probe // Autoencoded tells other photos, as the base's autoencoder gives them back, from photos.
	Beyond      Probe // Beyond tells generated images from autoencoded photos: what the autoencoder does not explain.
}

// ProbeKinds trains and tests the probes, each on as many images of one kind as of
// the other; without autoencoded photos there are no controls.
func ProbeKinds(photos, autoencoded, generated Features) (k Kinds, err error) {
	if k.Generated, err = linearProbe(photos, generated); err != nil || len(autoencoded) == 0 {
		return k, err
	}
	k.Controlled = true
	if k.Autoencoded, err = linearProbe(photos, autoencoded); err != nil {
		return Kinds{}, err
	}
	if k.Beyond, err = linearProbe(autoencoded, generated); err != nil {
		return Kinds{}, err
	}
	return k, nil
}

// Judged is the probe by which generated images look generated, or do not.
func (k Kinds) Judged() Probe {
	if k.Controlled {
		return k.Beyond
	}
	return k.Generated
}

// KindsOver is the mean accuracy of probes over seeds.
type KindsOver struct {
	Controlled                     bool // Controlled is that of all the Kinds.
	Generated, Autoencoded, Beyond Spread
	Interval                       Interval // Interval is Beyond's, 95 %; without controls it is Generated's.
}

// OverKinds sums the probes of a condition's seeds up. The photos are the same
// with every seed, so the interval is Wilson's with the images of one: wider
// than need be, never narrower.
func OverKinds(list []Kinds) KindsOver {
	var generated, autoencoded, beyond, judged []float64
	for _, k := range list {
		judged = append(judged, k.Judged().Accuracy())
		generated = append(generated, k.Generated.Accuracy())
		autoencoded = append(autoencoded, k.Autoencoded.Accuracy())
		beyond = append(beyond, k.Beyond.Accuracy())
	}
	o := KindsOver{Generated: Over(generated), Autoencoded: Over(autoencoded), Beyond: Over(beyond)}
	if len(list) > 0 {
		o.Controlled = list[0].Controlled
		o.Interval = Wilson(Over(judged).Mean, list[0].Judged().Tested)
	}
	return o
}

// LookGenerated says whether generated images are told from autoencoded photos
// more often than chance would: whether they look generated, beyond what the
// autoencoder does to any image. Without that control, whether they are told from
// photos.
func (o KindsOver) LookGenerated() bool { return o.Interval.Low > 0.5 }

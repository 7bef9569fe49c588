package result

// Kinds is how well probes of one network's features tell generated images from
// photos, and two controls. All are of as many images of every class, and no
// photo is in both of its kinds.
type Kinds struct {
	Generated   Probe // Generated tells generated images from photos.
	Autoencoded Probe // Autoencoded tells other photos, as the base's autoencoder gives them back, from photos.
	Beyond      Probe // Beyond tells generated images from autoencoded photos: what the autoencoder does not explain.
}

// ProbeKinds trains and tests the three probes, each on as many images of one
// kind as of the other.
func ProbeKinds(photos, autoencoded, generated Features) (k Kinds, err error) {
	for _, probe := range []struct {
		into     *Probe
		one, two Features
	}{
		{&k.Generated, photos, generated}, {&k.Autoencoded, photos, autoencoded}, {&k.Beyond, autoencoded, generated},
	} {
		if *probe.into, err = linearProbe(probe.one, probe.two); err != nil {
			return Kinds{}, err
		}
	}
	return k, nil
}

// KindsOver is the mean accuracy of probes over seeds.
type KindsOver struct {
	Generated, Autoencoded, Beyond Spread
	Interval                       Interval // Interval is Beyond's, 95 %.
}

// OverKinds sums the probes of a condition's seeds up. The photos are the same
// with every seed, so the interval is Wilson's with the images of one: wider
// than need be, never narrower.
func OverKinds(list []Kinds) KindsOver {
	var generated, autoencoded, beyond []float64
	for _, k := range list {
		generated = append(generated, k.Generated.Accuracy())
		autoencoded = append(autoencoded, k.Autoencoded.Accuracy())
		beyond = append(beyond, k.Beyond.Accuracy())
	}
	o := KindsOver{Generated: Over(generated), Autoencoded: Over(autoencoded), Beyond: Over(beyond)}
	if len(list) > 0 {
		o.Interval = Wilson(o.Beyond.Mean, list[0].Beyond.Tested)
	}
	return o
}

// LookGenerated says whether generated images are told from autoencoded photos
// more often than chance would: whether they look generated, beyond what the
// autoencoder does to any image.
func (o KindsOver) LookGenerated() bool { return o.Interval.Low > 0.5 }

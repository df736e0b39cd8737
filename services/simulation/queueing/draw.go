package queueing

// Draws are the random numbers of a simulation. Each is named by what it is for
// and whom it is about, so that it stays the same when staff, intake or travel
// change: two scenarios of one seed differ by nothing but what was changed.
type Draws struct{ Seed uint64 }

// Uniform is a number above 0 and below 1.
func (d Draws) Uniform(purpose string, index ...int) float64 {
	const prime = 1099511628211
	h := uint64(14695981039346656037)
	for i := range len(purpose) {
		h = (h ^ uint64(purpose[i])) * prime
	}
	h = mix(h ^ mix(d.Seed))
	for _, i := range index {
		h = mix(h ^ (uint64(i) + 0x9e3779b97f4a7c15))
	}
	return (float64(h>>11) + 0.5) / (1 << 53)
}

// mix is the finaliser of splitmix64: every bit of what goes in changes half of
// what comes out.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Happens says whether something with this share happens.
func (d Draws) Happens(share float64, purpose string, index ...int) bool {
	return d.Uniform(purpose, index...) < share
}

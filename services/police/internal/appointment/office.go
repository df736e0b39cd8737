// Package appointment is a worker's one visit to the police: the slot at an
// office, the attendance that verifies the identity, and the residence card.
//
// It is pure: it never stores or sends, and is told how full a slot is.
package appointment

// Office is where the police meet applicants.
type Office struct {
	ID      string
	Name    string
	Address string // empty where we do not know it
	Active  bool
}

// offices are the service centres for foreign workers (SUA). Kirkenes is on
// older lists only.
var offices = []Office{
	{ID: "SUA-OSLO", Name: "SUA Oslo", Address: "Schweigaards gate 17, Oslo", Active: true},
	{ID: "SUA-BERGEN", Name: "SUA Bergen", Active: true},
	{ID: "SUA-STAVANGER", Name: "SUA Stavanger", Address: "Lagårdsveien 46, Stavanger", Active: true},
	{ID: "SUA-TRONDHEIM", Name: "SUA Trondheim", Active: true},
	{ID: "SUA-KIRKENES", Name: "SUA Kirkenes"},
}

// Offices are all offices.
func Offices() []Office { return append([]Office(nil), offices...) }

// FindOffice is the active office of that id.
func FindOffice(id string) (Office, bool) {
	for _, o := range offices {
		if o.ID == id && o.Active {
			return o, true
		}
	}
	return Office{}, false
}

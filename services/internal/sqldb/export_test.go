package sqldb

// TurnKey is the key of a turn's lock, of the name $1.
const TurnKey = turnKey

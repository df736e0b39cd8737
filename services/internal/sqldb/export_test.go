package sqldb

// TurnKey is the key of a turn's lock, of the name $1.
const TurnKey = turnKey

// WaitingToWrite is how many wait for the one writer's turn.
func (db *DB) WaitingToWrite() int {
	db.group.mu.Lock()
	defer db.group.mu.Unlock()
	return len(db.group.waiting)
}

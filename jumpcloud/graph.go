package jumpcloud

// Connection is an edge of the graph: a member of a group, a direct association.
type Connection struct {
	From       *Node `json:"from,omitempty"`
	To         Node  `json:"to"`
	Attributes any   `json:"attributes,omitempty"`
}

// Node is an end of a Connection.
type Node struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Attributes any    `json:"attributes,omitempty"`
}

// Reached is an object that a traversal came to, with every path to it:
// direct ones have one edge, inherited ones lead through groups.
type Reached struct {
	ID                 string         `json:"id"`
	Type               string         `json:"type"`
	Paths              [][]Connection `json:"paths,omitempty"`
	CompiledAttributes any            `json:"compiledAttributes,omitempty"`
}

package tools

// Arguments that are ours everywhere. They are declared once and added to the
// schemas of the tools that take them.

// listArgs are what every list takes.
type listArgs struct {
	Filter  string `json:"filter,omitempty" in:"-"`
	Fields  string `json:"fields,omitempty" in:"-"`
	CountBy string `json:"count_by,omitempty" in:"-"`
	Sort    string `json:"sort,omitempty" in:"-"`
	Limit   int    `json:"limit,omitempty" in:"-" jsonschema:"minimum=1,maximum=1000"`
	Cursor  string `json:"cursor,omitempty" in:"-"`
}

// searchArgs are what a list takes beside, where the API can search.
type searchArgs struct {
	Search string `json:"search,omitempty" in:"-"`
}

// dryArgs are what everything takes that changes something.
type dryArgs struct {
	DryRun bool `json:"dry_run,omitempty" in:"-"`
}

package crashfs

// Strict promises what was asked for and nothing else: a sync of a file makes its bytes
// durable, a sync of a directory its entries, and there is no order between registers.
var Strict Model = strict{}

type strict struct{}

func (strict) String() string { return "strict" }

func (strict) synced(pending []*effect, node *inode) []bool {
	durable := make([]bool, len(pending))
	for i, e := range pending {
		durable[i] = e.dir == node
	}
	return durable
}

// groups are one for each directory, of which a cut leaves any subset.
func (strict) groups(pending []*effect) []group {
	var groups []group
	of := map[*inode]int{}
	for _, e := range pending {
		i, ok := of[e.dir]
		if !ok {
			i = len(groups)
			of[e.dir] = i
			groups = append(groups, group{})
		}
		groups[i].effects = append(groups[i].effects, e)
	}
	return groups
}

func (strict) remains() remains { return anything }

func (strict) absent(*inode) bool { return false }

func (strict) ignores(int) bool { return false }

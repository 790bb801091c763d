package crashfs

// Writeback is ext4 with data=writeback: changes of names are in order as in [Ext4],
// and bytes are in no order with them. A file that was not synced may have its full
// length and zeros or garbage in it; the blocks of a file that was removed may hold
// something else before the removal is durable, so that a cut brings the file back with
// garbage in it.
var Writeback Model = &sequence{name: "writeback", bytes: anything}

package weir

const kindBroadcast = "broadcast process"

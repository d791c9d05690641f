package osident

import "github.com/harrier-scan/harrier"

func stack(ttl uint8, df bool, window uint16, options string, mss uint16, scale int8) harrier.Stack {
	return harrier.Stack{TTL: ttl, DF: df, Window: window, Options: options, MSS: mss, Scale: scale}
}

// The orders of options of a stack, with some of them switched off.
var (
	linuxOptions   = []string{"MSTNW", "MST", "MNNTNW", "MNNSNW"}
	windowsOptions = []string{"MNWST", "MNWNNS", "MNWNNT"}
	oldWindows     = []string{"MNWNNTNNS", "MNNTNNS", "MNWNNS", "MNNS"}
)

// signatures are how stacks answer a SYN with MSS, SACK-permitted, timestamps
// and window scale.
//
// Source: the defaults of the stacks, as their sources and their makers'
// documents have them (Linux tcp_output.c, FreeBSD tcp_syncache.c, NetBSD
// tcp_syn_cache.c, OpenBSD tcp_input.c, lwIP opt.h, uIP uipopt.h, Contiki), and
// published observations of closed ones.
var signatures = []signature{
	{
		system: "linux", era: "kernel 4.20 or later", ttl: 64, layouts: linuxOptions, parts: []int{0}, weight: 50,
		fits: []harrier.Stack{stack(64, true, 65160, "MSTNW", 1460, 7), stack(57, true, 64240, "MNNSNW", 1460, 7), stack(60, true, 64260, "MSTNW", 1440, 10), stack(64, true, 64704, "MSTNW", 1360, 9)},
	},
	{
		system: "linux", era: "kernel 3.10 to 4.19", ttl: 64, layouts: linuxOptions, parts: []int{20}, weight: 50,
		fits: []harrier.Stack{stack(64, true, 28960, "MSTNW", 1460, 7), stack(52, true, 29200, "MNNSNW", 1460, 7)},
	},
	{
		system: "linux", era: "kernel 2.6.39 to 3.9", ttl: 64, layouts: linuxOptions, parts: []int{10}, weight: 50,
		fits: []harrier.Stack{stack(64, true, 14480, "MSTNW", 1460, 5), stack(48, true, 14600, "MNNSNW", 1460, 6)},
	},
	{
		system: "linux", era: "kernel 2.4 to 2.6.38", ttl: 64, layouts: linuxOptions, parts: []int{4}, weight: 50,
		fits: []harrier.Stack{stack(64, true, 5792, "MSTNW", 1460, 5), stack(61, true, 5840, "MNNSNW", 1460, 2)},
	},
	{
		system: "linux", era: "with a window that was set by hand, or Android", ttl: 64, layouts: []string{"MSTNW"}, weight: 45,
		fits: []harrier.Stack{stack(64, true, 65535, "MSTNW", 1460, 8), stack(64, true, 43440, "MSTNW", 1460, 9), stack(63, true, 42408, "MSTNW", 1400, 11)},
	},
	{
		system: "windows", era: "Windows 10 or Server 2016 or later", ttl: 128, layouts: windowsOptions, windows: []uint16{65535, 64000}, scales: []int8{8, 9, 10}, weight: 50,
		fits: []harrier.Stack{stack(128, true, 65535, "MNWST", 1460, 8), stack(117, true, 65535, "MNWNNS", 1460, 8), stack(128, true, 64000, "MNWNNS", 1380, 8)},
	},
	{
		system: "windows", era: "Windows Vista to 10, Server 2008 to 2016", ttl: 128, layouts: windowsOptions, windows: []uint16{8192}, scales: []int8{8, 2, 0}, weight: 50,
		fits: []harrier.Stack{stack(128, true, 8192, "MNWST", 1460, 8), stack(120, true, 8192, "MNWNNS", 1460, 8)},
	},
	{
		system: "windows", era: "Windows 2000, XP or Server 2003", ttl: 128, layouts: oldWindows, windows: []uint16{65535, 64240, 64512, 17520, 16384, 16616}, scales: []int8{-1, 0, 1, 2}, weight: 50,
		fits: []harrier.Stack{stack(128, true, 64240, "MNWNNTNNS", 1460, 0), stack(125, true, 16384, "MNWNNTNNS", 1460, 0), stack(128, true, 65535, "MNNS", 1460, -1)},
	},
	{
		system: "freebsd", era: "FreeBSD 8 or later, or a system made of it", ttl: 64, layouts: []string{"MNWST"}, windows: []uint16{65535}, scales: []int8{3, 6, 7, 8}, weight: 50,
		fits: []harrier.Stack{stack(64, true, 65535, "MNWST", 1460, 6), stack(55, true, 65535, "MNWST", 1440, 8)},
	},
	{
		system: "esxi", ttl: 64, layouts: []string{"MNWST"}, windows: []uint16{65535}, scales: []int8{9}, weight: 30,
		fits: []harrier.Stack{stack(64, true, 65535, "MNWST", 1460, 9)},
	},
	{
		system: "apple", ttl: 64, layouts: []string{"MNWNNTSE"}, windows: []uint16{65535, 32768, 33304}, weight: 50,
		fits: []harrier.Stack{stack(64, true, 65535, "MNWNNTSE", 1460, 6), stack(64, true, 65535, "MNWNNTSE", 1440, 5), stack(64, true, 32768, "MNWNNTSE", 1460, 3)},
	},
	{
		system: "openbsd", ttl: 64, layouts: []string{"MNNSNWNNT"}, windows: []uint16{16384, 32768, 65535}, weight: 50,
		fits: []harrier.Stack{stack(64, true, 16384, "MNNSNWNNT", 1460, 6), stack(54, true, 16384, "MNNSNWNNT", 1460, 3)},
	},
	{
		system: "netbsd", ttl: 64, layouts: []string{"MNWSNNNNT"}, windows: []uint16{32768, 65535}, weight: 45,
		fits: []harrier.Stack{stack(64, true, 32768, "MNWSNNNNT", 1460, 3)},
	},
	{
		system: "qnx", ttl: 64, layouts: []string{"MNWSNNNNT"}, windows: []uint16{49152, 16384}, weight: 20,
		fits: []harrier.Stack{stack(64, true, 16384, "MNWSNNNNT", 1460, 0)},
	},
	{
		system: "solaris", era: "Solaris 10 or 11, or illumos", ttl: 64, layouts: []string{"STMNW", "NNTMNWNNS"}, weight: 50,
		fits: []harrier.Stack{stack(64, true, 64436, "STMNW", 1460, 2), stack(60, true, 49232, "NNTMNWNNS", 1460, 0), stack(64, true, 65160, "STMNW", 1460, 5)},
	},
	{
		system: "solaris", era: "Solaris 7 to 9", ttl: 64, layouts: []string{"NNTNWNNSM"}, weight: 50,
		fits: []harrier.Stack{stack(64, true, 24616, "NNTNWNNSM", 1460, 0)},
	},
	{
		system: "hpux", era: "HP-UX 11", ttl: 64, layouts: []string{"MNNSWNNNT", "MWNNNT"}, windows: []uint16{32768}, weight: 50,
		fits: []harrier.Stack{stack(64, true, 32768, "MNNSWNNNT", 1460, 0), stack(62, true, 32768, "MWNNNT", 1460, 0)},
	},
	{
		system: "aix", ttl: 64, layouts: []string{"MNWNNT"}, windows: []uint16{65535}, scales: []int8{0, 1, 2, 3}, weight: 20,
		fits: []harrier.Stack{stack(60, true, 65535, "MNWNNT", 1460, 3)},
	},
	{
		system: "junos", ttl: 64, layouts: []string{"MNWNNT"}, windows: []uint16{16384}, scales: []int8{0}, weight: 30,
		fits: []harrier.Stack{stack(64, true, 16384, "MNWNNT", 1460, 0)},
	},
	{
		system: "vxworks", ttl: 64, layouts: []string{"MNWNNT"}, windows: []uint16{8192, 60000}, scales: []int8{0}, weight: 25,
		fits: []harrier.Stack{stack(64, false, 8192, "MNWNNT", 1460, 0)},
	},
	{
		system: "ecos", ttl: 64, layouts: []string{"MNWNNT"}, windows: []uint16{17376, 17520}, scales: []int8{0}, weight: 25,
		fits: []harrier.Stack{stack(64, true, 17376, "MNWNNT", 1460, 0)},
	},
	{
		system: "ios", ttl: 255, layouts: []string{"M"}, windows: []uint16{4128}, weight: 50,
		fits: []harrier.Stack{stack(255, false, 4128, "M", 536, -1), stack(250, false, 4128, "M", 1460, -1)},
	},
	{
		system: "iosxr", ttl: 255, layouts: []string{"MNWNNT", "MSTNW"}, windows: []uint16{16384}, weight: 25,
		fits: []harrier.Stack{stack(254, false, 16384, "MNWNNT", 1240, 0)},
	},
	{
		system: "lwip", ttl: 255, layouts: []string{"M", "MNW", "ME"}, parts: []int{2, 3, 4, 5, 6, 8}, weight: 35,
		fits: []harrier.Stack{stack(255, false, 2144, "M", 536, -1), stack(254, false, 5840, "M", 1460, -1), stack(255, false, 5760, "M", 1440, -1)},
	},
	{
		system: "uip", ttl: 64, layouts: []string{"M"}, parts: []int{1}, weight: 35,
		fits: []harrier.Stack{stack(64, false, 1240, "M", 1240, -1), stack(64, false, 536, "M", 536, -1)},
	},
	{
		system: "nucleus", ttl: 64, layouts: []string{"M"}, windows: []uint16{16000}, weight: 20,
		fits: []harrier.Stack{stack(64, false, 16000, "M", 1460, -1)},
	},
	{
		device: Embedded, era: "a small stack, or one that stands in front", ttl: 64, layouts: []string{"M", "ME", ""}, weight: 15,
		fits: []harrier.Stack{stack(64, false, 4096, "M", 1460, -1)},
	},
	{
		device: Embedded, era: "a small stack, or one that stands in front", ttl: 255, layouts: []string{"M", "ME", ""}, weight: 15,
		fits: []harrier.Stack{stack(255, false, 9999, "M", 1460, -1)},
	},
}

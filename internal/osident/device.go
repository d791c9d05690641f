package osident

// The classes of devices, as in harrier.Host.DeviceType.
const (
	GeneralPurpose = "general-purpose"
	Router         = "router"
	Switch         = "switch"
	Firewall       = "firewall"
	LoadBalancer   = "load-balancer"
	AccessPoint    = "wap"
	Printer        = "printer"
	Camera         = "camera"
	VoIP           = "voip-phone"
	PLC            = "plc"
	Industrial     = "ics" // other parts of control systems
	Building       = "bms" // of buildings
	Medical        = "medical"
	UPS            = "ups"
	Storage        = "storage"
	Hypervisor     = "hypervisor"
	Management     = "remote-management"
	Mobile         = "mobile"
	Media          = "media-device"
	Console        = "game-console"
	Embedded       = "embedded"
)

// classes are all of them, and whether devices of the class are known to fail
// under questions that others bear.
var classes = map[string]bool{
	GeneralPurpose: false, Router: false, Switch: false, Firewall: false, LoadBalancer: false, AccessPoint: false,
	Printer: true, Camera: false, VoIP: false, PLC: true, Industrial: true, Building: true, Medical: true, UPS: true,
	Storage: false, Hypervisor: false, Management: false, Mobile: false, Media: false, Console: false, Embedded: true,
}

// Fragile reports whether devices of the class are treated gently.
func Fragile(class string) bool { return classes[class] }

// others are further words that protocols and products use for a class.
var others = map[string]string{
	"server": GeneralPurpose, "desktop": GeneralPurpose, "workstation": GeneralPurpose, "laptop": GeneralPurpose,
	"phone": VoIP, "voip": VoIP, "ip-phone": VoIP, "webcam": Camera, "nvr": Camera, "dvr": Camera, "nas": Storage,
	"gateway": Router, "broadband-router": Router, "access-point": AccessPoint, "ap": AccessPoint, "bmc": Management,
	"remote management": Management, "tv": Media, "media": Media, "console": Console, "pdu": UPS, "power-device": UPS,
	"scada": Industrial, "hmi": Industrial, "rtu": Industrial, "industrial": Industrial, "building": Building, "loadbalancer": LoadBalancer,
	"load balancer": LoadBalancer, "print server": Printer, "mfp": Printer, "smartphone": Mobile, "hub": Switch, "bridge": Switch,
}

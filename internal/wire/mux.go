package wire

import (
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// Options of a Mux.
type Options struct {
	// Keys are access key ids and their secrets. When there are none, signatures are not verified.
	Keys map[string]string
	// Principals are the ARNs of those keys' owners that have one; the key's account is then the ARN's.
	Principals map[string]string
	// Sessions finds the temporary credentials that this server gave out; nil knows none.
	Sessions Sessions
	// DefaultRegion is used for an operation that wants a signature and came without one, which only happens without Keys.
	DefaultRegion string
	// Log gets one record per call; nil drops them.
	Log *slog.Logger
	// Now is the machine's time, for signatures; nil is time.Now.
	Now func() time.Time
}

// Mux answers the AWS APIs of the services registered with it. It is safe for concurrent use once they are.
type Mux struct {
	options   Options
	bindings  []*binding
	byTarget  map[string]*binding
	bySigning map[string][]*binding
}

// binding is a registered service.
type binding struct {
	service    *model.Service
	codec      *codec
	operations map[string]*operation
	routes     *route
	notes      map[string]string
}

// New makes a Mux without services.
func New(options Options) *Mux {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Mux{options: options, byTarget: map[string]*binding{}, bySigning: map[string][]*binding{}}
}

// Register makes a service answerable: each operation of its model is run by the method of that name on impl,
//
//	func (s *Service) CreateUserPool(ctx context.Context, in *sdk.CreateUserPoolInput) (*sdk.CreateUserPoolOutput, error)
//
// An operation without a method is answered with an error that names it. Register panics when a method of an operation's
// name has another signature: that is a mistake of the program, and it is found at start-up.
func (m *Mux) Register(service *model.Service, impl any) {
	b := &binding{service: service, codec: codecOf(service), operations: map[string]*operation{}, routes: new(route)}
	if annotated, ok := impl.(Annotated); ok {
		b.notes = annotated.OperationNotes()
	}
	value := reflect.ValueOf(impl)
	for i := range service.Operations {
		described := &service.Operations[i]
		o := &operation{binding: b, model: described}
		if method := value.MethodByName(described.Name); method.IsValid() {
			if err := o.bind(method); err != nil {
				panic(err)
			}
		}
		b.operations[described.Name] = o
		if service.Protocol == model.RESTJSON || service.Protocol == model.RESTXML {
			b.routes.add(o)
		}
	}
	m.bindings = append(m.bindings, b)
	m.bySigning[service.SigningName] = append(m.bySigning[service.SigningName], b)
	if service.TargetPrefix != "" {
		m.byTarget[service.TargetPrefix] = b
	}
}

// Annotated is a service that says of some of its operations, by name, how far they go: those that can have no meaning
// here are kept and shown without effect, or refused in AWS's own error type.
type Annotated interface {
	OperationNotes() map[string]string
}

// Row says what poolgate does with one operation of AWS.
type Row struct {
	Service, Operation    string
	Implemented, Unsigned bool
	// Note says how far an implemented operation goes, if that is not all the way.
	Note string
}

// Rows lists every operation of every registered service, by service and name.
func (m *Mux) Rows() []Row {
	var rows []Row
	for _, b := range m.bindings {
		for _, o := range b.operations {
			rows = append(rows, Row{b.service.Name, o.model.Name, o.method.IsValid(), o.model.Unsigned, b.notes[o.model.Name]})
		}
	}
	sort.Slice(rows, func(i, j int) bool {
		if rows[i].Service != rows[j].Service {
			return rows[i].Service < rows[j].Service
		}
		return rows[i].Operation < rows[j].Operation
	})
	return rows
}

// CoverageMarkdown writes rows as the page docs/coverage.md.
func CoverageMarkdown(rows []Row) string {
	var page strings.Builder
	page.WriteString("# Coverage\n\nGenerated from the operation table; a test keeps it true. What is not implemented answers 501\n" +
		"`NotImplementedException` with a message that names the operation.\n")
	for start := 0; start < len(rows); {
		end := start
		implemented := 0
		for end < len(rows) && rows[end].Service == rows[start].Service {
			if rows[end].Implemented {
				implemented++
			}
			end++
		}
		fmt.Fprintf(&page, "\n## %s: %d of %d\n\n| operation | | signed |\n|---|---|---|\n", rows[start].Service, implemented, end-start)
		for _, row := range rows[start:end] {
			state, signed := "not implemented", "yes"
			switch {
			case row.Implemented && row.Note != "":
				state = row.Note
			case row.Implemented:
				state = "implemented"
			}
			if row.Unsigned {
				signed = "no"
			}
			fmt.Fprintf(&page, "| %s | %s | %s |\n", row.Operation, state, signed)
		}
		start = end
	}
	return page.String()
}

var _ http.Handler = (*Mux)(nil)

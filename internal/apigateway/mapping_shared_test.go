package apigateway

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

func TestAMappingOfBeforeHasAnIDOfItsOwn(t *testing.T) {
	ids := map[string]bool{}
	for _, path := range []string{"a", "b", rootBasePath} {
		old, err := json.Marshal(document(types.BasePathMapping{BasePath: aws.String(path), RestApiId: aws.String("api")}))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the same each time
			upgraded, err := upgradeMapping(1, old)
			if err != nil {
				t.Fatal(err)
			}
			var m basePathMapping
			if err := json.Unmarshal(upgraded, &m); err != nil {
				t.Fatal(err)
			}
			if ids[m.ID] = true; *m.Mapping.Value.BasePath != path || *m.Mapping.Value.RestApiId != "api" {
				t.Errorf("%s became %+v", path, m.Mapping.Value)
			}
		}
	}
	if len(ids) != 3 {
		t.Errorf("the ids are %v", ids)
	}
	if _, err := upgradeMapping(1, []byte("no document")); err == nil {
		t.Error("no document was upgraded")
	}
}

func TestMappingsAreSharedByID(t *testing.T) {
	g := newGate(t)
	domain := aws.String("api.example.com")
	ok(g.CreateDomainName(g.ctx(), &apigateway.CreateDomainNameInput{DomainName: domain, CertificateArn: aws.String("arn:aws:acm:us-east-1:111111111111:certificate/c")}))(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "prod")
	call := wire.CallFrom(g.ctx())
	in := func(fn func(*store.Tx) error) error { return g.store.Update(g.ctx(), fn) }
	put := func(id, path string) error {
		return in(func(tx *store.Tx) error {
			return g.PutMapping(tx, call, *domain, id, types.BasePathMapping{BasePath: &path, RestApiId: api})
		})
	}
	told := make(chan string, 8)
	t.Cleanup(g.store.Watch(DomainNameTopic(*domain), func(topic string) { told <- topic }))
	for _, c := range []struct {
		name, id, path string
		refused        bool
	}{
		{"a new one", "one", "v1/pets", false}, {"itself again", "one", "v1/pets", false}, {"a path that is taken", "two", "v1/pets", true}, {"another path", "one", "v2", false}, {"the path that is free now", "two", "v1/pets", false},
	} {
		if err := put(c.id, c.path); (err != nil) != c.refused {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if len(told) != 4 {
		t.Errorf("%d changes were told", len(told))
	}
	mapping := ok(g.GetBasePathMapping(g.ctx(), &apigateway.GetBasePathMappingInput{DomainName: domain, BasePath: aws.String("v2")}))(t)
	if *mapping.RestApiId != *api {
		t.Errorf("%+v", mapping)
	}
	err := in(func(tx *store.Tx) error {
		if err := g.DeleteMapping(tx, call, *domain, "one"); err != nil {
			return err
		}
		byID, err := g.Mappings(tx, call, *domain)
		if len(byID) != 1 || *byID["two"].BasePath != "v1/pets" {
			t.Errorf("%+v", byID)
		}
		if g.CheckStage(tx, call, *api, "prod") != nil || g.CheckStage(tx, call, *api, "none") == nil || g.CheckStage(tx, call, "none", "prod") == nil {
			t.Error("a stage is checked wrongly")
		}
		_, foreign := g.Mappings(tx, wire.Call{Account: "222222222222", Region: testRegion}, *domain)
		if foreign == nil {
			t.Error("another account sees the domain")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

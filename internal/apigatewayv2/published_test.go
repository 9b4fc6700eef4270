package apigatewayv2

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

func TestAnUnknownAPIIsNotFoundByWhoServesIt(t *testing.T) {
	db, err := store.Open(t.Context(), store.Options{Location: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := New(Config{Store: db})
	for name, ask := range map[string]func(context.Context, string) error{
		"published": func(ctx context.Context, id string) error { _, err := s.Published(ctx, id); return err },
		"live":      func(ctx context.Context, id string) error { _, err := s.Live(ctx, id); return err },
	} {
		for _, id := range []string{"", "missing"} {
			if err := ask(t.Context(), id); !fault.Is(err, "NotFoundException") {
				t.Errorf("%s of %q: want NotFoundException, got %v", name, id, err)
			}
		}
	}
}

func TestAStageServesTheSnapshotOfItsDeployment(t *testing.T) {
	db, err := store.Open(t.Context(), store.Options{Location: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		api := &httpAPI{Account: "111111111111", Region: "eu-west-1", API: wire.Document[types.Api]{Value: types.Api{ApiId: aws.String("a1")}}}
		if err := apis.Insert(tx, apiScope, "a1", api); err != nil {
			return err
		}
		if err := routes.Insert(tx, "a1", "r1", entity.Document(types.Route{RouteId: aws.String("r1"), RouteKey: aws.String("GET /now")})); err != nil {
			return err
		}
		frozen := &Snapshot{Account: api.Account, Region: api.Region, Routes: []wire.Document[types.Route]{{Value: types.Route{RouteKey: aws.String("GET /then")}}}}
		if err := snapshots.Insert(tx, "a1", "d1", frozen); err != nil {
			return err
		}
		if err := stages.Insert(tx, "a1", "empty", entity.Document(types.Stage{StageName: aws.String("empty")})); err != nil {
			return err
		}
		return stages.Insert(tx, "a1", DefaultStage, entity.Document(types.Stage{StageName: aws.String(DefaultStage), DeploymentId: aws.String("d1")}))
	})
	if err != nil {
		t.Fatal(err)
	}
	s := New(Config{Store: db})
	published, err := s.Published(t.Context(), "a1")
	if err != nil {
		t.Fatal(err)
	}
	if got := published[DefaultStage]; got == nil || got.DeploymentID != "d1" || *got.Snapshot.Routes[0].Value.RouteKey != "GET /then" {
		t.Errorf("the default stage serves %+v", got)
	}
	if got := published["empty"]; got == nil || got.Snapshot != nil || got.DeploymentID != "" {
		t.Errorf("a stage without a deployment serves %+v", got)
	}
	live, err := s.Live(t.Context(), "a1")
	if err != nil {
		t.Fatal(err)
	}
	if len(live.Routes) != 1 || *live.Routes[0].Value.RouteKey != "GET /now" || live.Account != "111111111111" {
		t.Errorf("live: %+v", live)
	}
}

package whatsapp

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
)

// TestEveryCode holds what each documented code asks for, when the channel refuses a
// message with it and when it tells of it later.
func TestEveryCode(t *testing.T) {
	t.Parallel()
	const retry, rejected = gateway.SendRetry, gateway.SendRejected
	for _, group := range []struct {
		class   gateway.ErrorClass
		outcome gateway.SendOutcome
		codes   []int
	}{
		{gateway.ErrorTransient, retry, []int{1, 2, 131000, 131016, 133004, 131057}},
		{gateway.ErrorRate, retry, []int{4, 80007, 130429, 131056, 133016}},
		{gateway.ErrorQuality, rejected, []int{131048, 131049, 130472, 131064}},
		{gateway.ErrorWindow, rejected, []int{131047, 470}},
		{gateway.ErrorUnreachable, rejected, []int{131026, 131021, 130497, 131030}},
		{gateway.ErrorOptedOut, rejected, []int{131050}},
		{gateway.ErrorIdentity, rejected, []int{137000}},
		{gateway.ErrorOther, rejected, []int{131062}},
		{gateway.ErrorRequest, rejected, []int{
			100, 131008, 131009, 131051, 131053, 131055, 135000, 132000, 132001, 132005, 132007, 132008, 132012, 132018, 132068, 132069, 139200,
		}},
		{gateway.ErrorTemplate, rejected, []int{132015, 132016}},
		{gateway.ErrorAccount, retry, []int{
			0, 190, 3, 10, 200, 230, 299, 131005, 131031, 368, 131042, 131045, 131037, 133010, 33, 134011, 131063, 133000, 133005, 133015,
		}},
		{gateway.ErrorFile, rejected, []int{131052, 400}},
		{gateway.ErrorElsewhere, rejected, []int{131060}},
		{gateway.ErrorOther, rejected, []int{131035, 131036, 138000, 199, 300, 987654}},
	} {
		for _, code := range group.codes {
			r := readRefusal(http.StatusBadRequest, nil, []byte(refused(strconv.Itoa(code))), noon)
			got := r.result(outgoing(), noon)
			want := gateway.SendError{Code: code, Title: rule(code).title, Class: group.class, Detail: phone}
			if diff := cmp.Diff(&want, got.Error); diff != "" || got.Outcome != group.outcome || want.Title == "" {
				t.Errorf("%d is %s: %s", code, got.Outcome, diff)
			}
			failure, _ := decode([]byte(`{"code":` + strconv.Itoa(code) + `,"title":"` + phone + `"}`))
			if diff := cmp.Diff(&want, sendError(failure)); diff != "" {
				t.Errorf("%d in a status: %s", code, diff)
			}
		}
	}
}

// What has no code of its own is judged by its status.
func TestClassWithoutCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status  int
		body    string
		outcome gateway.SendOutcome
		class   gateway.ErrorClass
	}{
		{401, "", gateway.SendRetry, gateway.ErrorAccount},
		{403, "<html>", gateway.SendRejected, gateway.ErrorOther},
		{429, "", gateway.SendRetry, gateway.ErrorRate},
		{502, "", gateway.SendUnknown, gateway.ErrorTransient},
		{500, refused("190"), gateway.SendUnknown, gateway.ErrorTransient},
		{400, `{"error":{"code":777,"is_transient":true}}`, gateway.SendRetry, gateway.ErrorTransient},
	} {
		got := readRefusal(c.status, nil, []byte(c.body), noon).result(outgoing(), noon)
		if got.Outcome != c.outcome || got.Error.Class != c.class {
			t.Errorf("%d %s: %s %q", c.status, c.body, got.Outcome, got.Error.Class)
		}
	}
	lost, _ := channel(t, hangUp(t, ""), nil)
	none, _ := sendTo(t, "http://127.0.0.1:1", nil)
	if lost.Error.Class != gateway.ErrorTransient || none.Error.Class != gateway.ErrorTransient {
		t.Errorf("no answer: %q %q", lost.Error.Class, none.Error.Class)
	}
}

// The channel's own words are kept for people, from wherever they stand, and reach
// neither the title nor the log.
func TestDetails(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"code":1,"message":"m","error_data":{"details":" d "}}`: "d",
		`{"code":1,"message":"m","details":"old"}`:                "old",
		`{"code":1,"title":"t","message":"m"}`:                    "m",
		`{"code":1,"title":"t"}`:                                  "t",
		`{"title":"t"}`:                                           "t",
		`{"code":1,"error_data":"x"}`:                             "",
	} {
		failure, _ := decode([]byte(body))
		if got := sendError(failure); got.Detail != want {
			t.Errorf("%s: %q", body, got.Detail)
		}
	}
	long := strings.Repeat("ñ", 2000)
	failure, _ := decode([]byte(`{"code":1,"message":"` + long + `"}`))
	if got := sendError(failure).Detail; utf8.RuneCountInString(got) != 500 || !strings.HasSuffix(got, "ñ…") {
		t.Errorf("%d characters are kept", utf8.RuneCountInString(got))
	}
	result, log := channel(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, refused("131047"))
	}, nil)
	if result.Error.Detail != phone || strings.Contains(log, phone) {
		t.Errorf("%+v %s", result.Error, log)
	}
}

"""Pages as browsers report them: one slow, one quick, one slow but seen by few."""

from collections.abc import Iterator

from slo.ruletests.expected import Condition, Watch, checks
from slo.ruletests.model import STEP, Check, Series, World
from slo.ruletests.traffic import Life, Phase, histogram, minutes, parts
from slo.spec import Spec

_LENGTH = 110


def worlds(spec: Spec) -> Iterator[World]:
    load, least = spec.objectives.page_load, spec.alerting.slow_quantile.minimum_requests
    slow = {load.under * 1.1: (1 - load.quantile) * 3}
    within = {load.under * 1.1: (1 - load.quantile) / 3}
    hour = spec.alerting.of("page")[0].long.total_seconds()
    views = least * 4 / hour
    lives = {
        "event": [Phase(20, views), Phase(50, views, slow=slow), Phase(_LENGTH - 70, views)],
        "list": [Phase(_LENGTH, views, slow=within)],
        "order": [Phase(_LENGTH, least / 2 / hour, slow=slow)],
    }
    series: list[Series] = []
    found: list[Check] = []
    for page, life in lives.items():
        series += histogram("web_vitals_lcp_seconds", {"page": page}, spec.buckets.lcp, life)
        watch = Watch("PageLoadSlow", "ticket", spec.alerting.slow_quantile.for_, {"page": page})
        found += checks(spec, watch, _slow(spec, life), minutes(life))
    yield World("one page is slow for a while, one is quick, one slow but seen by few", tuple(series), tuple(found))


def _slow(spec: Spec, life: Life) -> Condition:
    views, slow = parts(life, spec.objectives.page_load.under)
    steps = round(spec.alerting.of("page")[0].long.total_seconds() / STEP)

    def condition(factor: float, minute: int) -> bool:
        recent = slice(max(minute - steps, 0), minute)
        enough = sum(views[recent]) >= spec.alerting.slow_quantile.minimum_requests * factor
        return enough and sum(slow[recent]) > sum(views[recent]) * (1 - spec.objectives.page_load.quantile) * factor

    return condition

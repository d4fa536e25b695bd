# Recomputes the results of an experiment with numpy and scipy, from the rows, by
# the formulas that docs/experiments.md names.  Reads {"units": [...], "cases":
# [...]} and prints what differs; nothing: all is the same to 1e-9.
import json
import sys

import numpy as np
from scipy import stats

given = json.load(sys.stdin)
units = given["units"]


def column(name, which):
    return np.array([float(units[i][name]) for i in which])


def critical(alpha, df):
    # scipy's inverse is good to 1e-8; Newton's method on its own tail for the rest.
    t = stats.t.isf(alpha / 2, df)
    for _ in range(3):
        t += (stats.t.sf(t, df) - alpha / 2) / stats.t.pdf(t, df)
    return t


def sample(case, which, adjustment):
    kind = case["kind"]
    n = len(which)
    if kind == "ratio":
        a, b = column("num", which), column("den", which)
        r = a.mean() / b.mean()
        s = np.cov(a, b)
        return n, r, (s[0, 0] - 2 * r * s[0, 1] + r * r * s[1, 1]) / b.mean() ** 2
    if kind == "binomial":
        p = column("conv", which).mean()
        return n, p, p * (1 - p)
    y = column("y", which)
    if kind == "adjusted":
        theta, center = adjustment
        y = y - theta * (column("x", which) - center)
    return n, y.mean(), y.var(ddof=1)


def pooled(groups):
    xs = [column("x", g) for g in groups]
    ys = [column("y", g) for g in groups]
    product = sum(((x - x.mean()) * (y - y.mean())).sum() for x, y in zip(xs, ys))
    square = sum(((x - x.mean()) ** 2).sum() for x in xs)
    return product / square, np.concatenate(xs).mean()


def effect(case, control, variant):
    (nc, mc, vc), (nt, mt, vt) = control, variant
    options = case["options"]
    alpha = 1 - options.get("confidence", 0.95)
    variance = vc / nc + vt / nt
    df = variance ** 2 / ((vc / nc) ** 2 / (nc - 1) + (vt / nt) ** 2 / (nt - 1))
    lift = (mt - mc) / mc
    lift_variance = vt / nt / mc ** 2 + vc / nc * mt ** 2 / mc ** 4
    n = nc + nt
    if options.get("sequential"):
        logs = -2 * np.log(alpha)
        rho2 = (logs + np.log(logs + 1)) / options.get("sequential_tuning", 5000)
        width = np.sqrt(2 * (n * rho2 + 1) / (n ** 2 * rho2) * np.log(np.sqrt(n * rho2 + 1) / alpha))
        half, lift_half = width * np.sqrt(variance * n), width * np.sqrt(lift_variance * n)
        z2 = (mt - mc) ** 2 / variance
        p = min(1, np.sqrt(n * rho2 + 1) * np.exp(-n * rho2 * z2 / (2 * (n * rho2 + 1))))
    else:
        half, lift_half = critical(alpha, df) * np.sqrt(variance), critical(alpha, df) * np.sqrt(lift_variance)
        p = 2 * stats.t.sf(abs(mt - mc) / np.sqrt(variance), df)
    mean, spread = lift, lift_variance
    if "prior_stddev" in options:
        prior = 1 / options["prior_stddev"] ** 2
        mean = (lift / lift_variance + options.get("prior_mean", 0) * prior) / (1 / lift_variance + prior)
        spread = 1 / (1 / lift_variance + prior)
    sign = -1 if options.get("direction") == "decrease" else 1
    return {
        "difference": mt - mc, "difference_lower": mt - mc - half, "difference_upper": mt - mc + half,
        "lift": lift, "lift_lower": lift - lift_half, "lift_upper": lift + lift_half,
        "p_value": p, "chance_to_win": stats.norm.cdf(sign * mean / np.sqrt(spread)),
    }


def corrected(p, correction):
    p = np.array(p)
    order = np.argsort(p)
    m = len(p)
    out = np.empty(m)
    if correction == "bonferroni":
        return np.minimum(1, p * m)
    if correction == "holm":
        out[order] = np.minimum(1, np.maximum.accumulate(p[order] * (m - np.arange(m))))
    elif correction == "benjamini-hochberg":
        out[order] = np.minimum.accumulate((p[order] * m / np.arange(1, m + 1))[::-1])[::-1]
    else:
        return p
    return np.minimum(1, out)


def expected_rows(case):
    options = case["options"]
    rows = {}
    kept = [i for i, u in enumerate(units) if options.get("flicker") == "include" or not u["flickered"]]
    dimensions = sorted({units[i]["country"] for i in kept}) if "dimension_query" in options else [None]
    for dimension in dimensions:
        inside = [i for i in kept if dimension is None or units[i]["country"] == dimension]
        groups = {v: [i for i in inside if units[i]["variant"] == v] for v in given["shares"]}
        observed = [len(g) for g in groups.values()]
        shares = np.array(list(given["shares"].values())) / sum(given["shares"].values())
        ratio = stats.chisquare(observed, shares * sum(observed)).pvalue
        if options.get("missing") == "exclude":
            groups = {v: [i for i in g if units[i]["has_row"]] for v, g in groups.items()}
        adjustment = pooled(groups.values()) if case["kind"] == "adjusted" else None
        samples = {v: sample(case, g, adjustment) for v, g in groups.items()}
        for variant, (n, mean, variance) in samples.items():
            row = {"units": n, "mean": mean, "variance": variance, "sample_ratio_p": ratio}
            if variant != "control":
                row.update(effect(case, samples["control"], samples[variant]))
            rows[(dimension, variant)] = row
    tested = [k for k in rows if "p_value" in rows[k]]
    for k, p in zip(tested, corrected([rows[k]["p_value"] for k in tested], options.get("correction"))):
        rows[k]["p_value"] = p
    return rows


compared = 0
for case in given["cases"]:
    rows = expected_rows(case)
    if len(rows) != len(case["rows"]):
        print(case["name"], "has", len(case["rows"]), "rows, not", len(rows))
    for row in case["rows"]:
        for key, wanted in rows[(row["dimension"], row["variant"])].items():
            compared += 1
            if not np.isclose(row[key], wanted, rtol=1e-9, atol=1e-300):
                print(case["name"], row["dimension"], row["variant"], key, row[key], "is not", wanted)
print("compared", compared)

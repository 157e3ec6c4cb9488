"""What `bench` shows of a run."""

from rich.table import Table

from tps.bench.latency import Latency
from tps.bench.results import Report, Run
from tps.commands.terminal import page


def show(run: Run) -> None:
    """One run: the rate, and beneath it what it took."""
    title = f"{run.scenario}: {run.per_s:,.0f} {run.unit} a second"
    table = Table(title=title, title_justify="left", show_header=False, min_width=len(title) + 1)
    table.add_row("measured", f"{run.count:,} {run.unit} in {run.seconds:,.2f} s")
    for name, value in run.figures.items():
        table.add_row(name.replace("_", " "), f"{value:,.6g}" if value % 1 else f"{value:,.0f}")
    for name, times in run.latencies.items():
        table.add_row(f"{name}, ms", _latency(times))
    for name, use in run.processes.items():
        stages = ", ".join(f"{stage} {spent:.3f}" for stage, spent in use.stages.items())
        table.add_row(
            f"{name}, CPU s per 1,000", f"{use.cpu_s_per_1000:.3f}   peak {use.peak_rss_mb:.0f} MB   {stages}"
        )
    if run.outcomes:
        table.add_row("outcomes", ", ".join(f"{name} {number:,}" for name, number in run.outcomes.items()))
    if run.processor_speed:
        table.add_row("processor", f"{run.processor_speed:,.1f} million steps of a plain Python loop a second")
    if run.over_time:
        table.add_row("each second", " ".join(f"{number:,}" for number in run.over_time[:30]))
    page().print(table)


def show_report(report: Report) -> None:
    """What all runs come to, where there are several."""
    runs = [*report.runs, *report.kannel]
    if len(runs) == len(report.medians_per_s) and not report.pairs:
        return
    table = Table(title="Medians", title_justify="left", show_header=False)
    for scenario, rate in report.medians_per_s.items():
        rates = ", ".join(f"{run.per_s:,.0f}" for run in runs if run.scenario == scenario)
        table.add_row(scenario, f"{rate:,.0f} a second", f"of {rates}")
    if report.ratio_to_kannel is not None:
        ratios = ", ".join(f"{pair.ratio:.2f}" for pair in report.pairs)
        table.add_row("ratio to Kannel", f"{report.ratio_to_kannel:.2f}", f"of {ratios}")
    page().print(table)


def _latency(times: Latency) -> str:
    return f"p50 {times.p50:.1f}   p95 {times.p95:.1f}   p99 {times.p99:.1f}   max {times.max:.1f}"

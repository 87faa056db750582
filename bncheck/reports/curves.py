"""A scenario's curves as a picture: a panel a subject, a line a variant, and a band for the range over the seeds."""

from statistics import median

from bncheck.errors import UsageError

WIDTH, HEIGHT = 4.2, 3.4


def figure_class():
    """Matplotlib's figure.  Raises UsageError where Matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError('--plot needs Matplotlib: pip install "bncheck[plots]"') from None
    return Figure


def plot(found, path):
    """Write the picture of a scenario's plain values; the ending of the path says which kind."""
    figure_of = figure_class()
    subjects, curves = found["subjects"], found["curves"]
    size = (WIDTH * len(subjects) + 0.6, HEIGHT * len(curves) + 0.9)
    figure = figure_of(figsize=size, layout="constrained")
    panels = figure.subplots(len(curves), len(subjects), squeeze=False, sharey="row")
    for row, curve in zip(panels, curves, strict=True):
        for panel, subject in zip(row, subjects, strict=True):
            _draw(panel, subject, curve, list(found["variants"]))
        row[0].set_ylabel(curve["label"])
    handles = {label: handle for panel in panels.flat for handle, label in zip(*panel.get_legend_handles_labels())}  # noqa: B905
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=min(4, len(handles)), frameon=False)
    try:
        figure.savefig(path, dpi=120)
    except (ValueError, OSError) as error:
        raise UsageError(f"--plot {path}: {error}") from None


def _draw(panel, subject, curve, variants):
    panel.set_title(subject["name"])
    panel.set_xlabel("epoch")
    panel.xaxis.get_major_locator().set_params(integer=True)
    if curve["log"]:
        panel.set_yscale("log")
    for i, variant in enumerate(variants):
        runs = subject["curves"].get(variant, {}).get(curve["name"])
        if not runs:
            continue
        epochs = range(1, len(runs[0]) + 1)
        columns = list(zip(*runs, strict=True))
        panel.plot(epochs, [median(column) for column in columns], color=f"C{i}", label=variant, **_style(i))
        panel.fill_between(epochs, list(map(min, columns)), list(map(max, columns)), color=f"C{i}", alpha=0.15, lw=0)


def _style(place):
    """Curves that lie on one another are told apart."""
    return {"linestyle": ("-", "--", ":", "-.")[place % 4], "linewidth": max(1.2, 3.6 - 0.6 * place)}

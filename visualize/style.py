"""One small style for every picture: colours that colour-blind readers can tell apart (after Okabe and Ito, 2008)."""

FONT = "Helvetica,Arial,sans-serif"
INK, FAINT = "#1f2933", "#7b8794"
# kind -> (fill, border)
FILL = {
    "parameter": ("#fdebd3", "#d55e00"),
    "input": ("#e3f1fb", "#0072b2"),
    "op": ("#f5f7fa", "#52606d"),
    "output": ("#dff5ec", "#009e73"),
    "module": ("#f5f7fa", "#52606d"),
}
CLUSTER_FILL, CLUSTER_BORDER = "#fbfcfd", "#cbd2d9"
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")

"""The method's constants, noise schedule and solver coefficients as plain numbers. Needs nothing but Python. The formulas
are the paper's (arXiv 2407.09024) and DPM-Solver++'s (arXiv 2211.01095)."""

import math

BETA_MIN, BETA_MAX, TIME_MIN = 0.1, 20.0, 1e-3
TIME_FEATURES, NORM_EPSILON = 32, 1e-5

# The published settings (method sections 3 to 5).
PRETRAINING_RATE, ALIGNMENT_RATE, CRITIC_RATE = 3e-4, 5e-5, 3e-4
DROPOUT = 0.1
TEMPERATURE, LABEL_SCALE = 1.0, 3.0
DISCOUNT, EXPECTILE, TARGET_RATE = 0.99, 0.7, 0.005
CRITIC_WIDTH = 256


def schedule(t):
    """alpha, sigma and the half-log-SNR of a time."""
    log_alpha = -0.25 * t * t * (BETA_MAX - BETA_MIN) - 0.5 * t * BETA_MIN
    sigma = math.sqrt(-math.expm1(2 * log_alpha))
    return math.exp(log_alpha), sigma, log_alpha - math.log(sigma)


def solver_table(evaluations=15):
    """DPM-Solver++ in data prediction, singlestep, order 2 (the last step of an odd number has order 1), on times
    uniform from 1 to 1e-3. A row is (t, alpha, sigma, weight of the anchor, of this data prediction, of the one
    before, whether the new point becomes the anchor)."""
    times = [1 + (TIME_MIN - 1) * i / evaluations for i in range(evaluations + 1)]
    nodes = [schedule(t) for t in times]
    rows, i = [], 0
    while i < evaluations:
        # As many steps of order 2 as leave one (odd) or two (even) evaluations for steps of order 1.
        order = 2 if evaluations - i > 2 or (evaluations - i == 2 and evaluations % 2) else 1
        alpha_s, sigma_s, lambda_s = nodes[i]
        if order == 2:
            alpha_m, sigma_m, lambda_m = nodes[i + 1]
            alpha_t, sigma_t, lambda_t = nodes[i + 2]
            step, part = lambda_t - lambda_s, lambda_m - lambda_s
            ratio = part / step
            rows.append((times[i], alpha_s, sigma_s, sigma_m / sigma_s, -alpha_m * math.expm1(-part), 0.0, False))
            change = -alpha_t * math.expm1(-step)
            rows.append((times[i + 1], alpha_m, sigma_m, sigma_t / sigma_s, change / (2 * ratio), change * (1 - 1 / (2 * ratio)), True))
        else:
            alpha_t, sigma_t, lambda_t = nodes[i + 1]
            rows.append((times[i], alpha_s, sigma_s, sigma_t / sigma_s, -alpha_t * math.expm1(-(lambda_t - lambda_s)), 0.0, True))
        i += order
    return rows

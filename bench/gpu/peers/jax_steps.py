#!/usr/bin/env python3
"""JAX doing the engine's steps, each one jitted function of randomness, gradient and Adam, data resident on the
device. The same formulas and numbers, line by line, as bench/reference/eda.py, which is held to the golden vectors; written
out again, since a Python that has JAX need not have PyTorch.

    python3 jax_steps.py --precision tf32 --json jax-tf32.json
"""

import functools
import math

import timing

try:
    import jax
    import jax.numpy as jnp
except ImportError:
    timing.leave_out("this machine's python3 has no jax")

BETA_MIN, BETA_MAX, TIME_MIN = 0.1, 20.0, 1e-3
TIME_FEATURES, NORM_EPSILON, DROPOUT = 32, 1e-5, 0.1
PRETRAINING_RATE, CRITIC_RATE, ALIGNMENT_RATE = 3e-4, 3e-4, 5e-5
CRITIC_WIDTH, DISCOUNT, TARGET_RATE, EXPECTILE = 256, 0.99, 0.005, 0.7
TEMPERATURE, LABEL_SCALE = 1.0, 3.0
MATMUL = {"fp32": "float32", "tf32": "tensorfloat32"}


def linear(key, inputs, outputs):
    """PyTorch's initialisation: uniform within 1/sqrt(fan in)."""
    bound = 1 / math.sqrt(inputs)
    first, second = jax.random.split(key)
    return {"weight": jax.random.uniform(first, (outputs, inputs), minval=-bound, maxval=bound),
            "bias": jax.random.uniform(second, (outputs,), minval=-bound, maxval=bound)}


def apply(layer, x):
    return x @ layer["weight"].T + layer["bias"]


def layer_norm(layer, x):
    mean = x.mean(1, keepdims=True)
    centred = x - mean
    variance = (centred**2).mean(1, keepdims=True)
    return centred / jnp.sqrt(variance + NORM_EPSILON) * layer["weight"] + layer["bias"]


def bdm(key, size):
    """The weights of a bottleneck diffusion model with states."""
    keys = iter(jax.random.split(key, 8 + 2 * size.blocks))
    e, h = TIME_FEATURES, size.width
    weights = {
        "frequencies": 30 * jax.random.normal(next(keys), (e // 2,)),
        "condition": linear(next(keys), e, e),
        "dense1": linear(next(keys), e, h // 8),
        "dense2": linear(next(keys), size.actions, h // 2),
        "dense3": linear(next(keys), size.states, 3 * h // 8),
        "fc": linear(next(keys), h, h),
        "out_fc": linear(next(keys), h, size.actions),
    }
    weights["blocks"] = [{"layer_norm": {"weight": jnp.ones((h,)), "bias": jnp.zeros((h,))},
                          "fc1": linear(next(keys), h, 4 * h), "fc2": linear(next(keys), 4 * h, h)} for _ in range(size.blocks)]
    return weights


def silu(x):
    return x * jax.nn.sigmoid(x)


def density(w, a, t, s, rate=0.0, mask=None):
    """f(a|s,t) [n]; mask [n, blocks, H] is 1 where a feature is kept."""
    phase = 2 * math.pi * t[:, None] * jax.lax.stop_gradient(w["frequencies"])
    phi = jnp.concatenate([jnp.sin(phase), jnp.cos(phase)], 1)
    e = silu(apply(w["condition"], phi))
    x = apply(w["fc"], jnp.concatenate([apply(w["dense2"], a), apply(w["dense1"], e), apply(w["dense3"], s)], 1))
    for l, block in enumerate(w["blocks"]):
        y = x if mask is None else x * mask[:, l] / (1 - rate)
        y = silu(apply(block["fc1"], layer_norm(block["layer_norm"], y)))
        x = x + apply(block["fc2"], y)
    return apply(w["out_fc"], silu(x)).sum(1)


def alpha_sigma(t):
    log_alpha = -0.25 * t**2 * (BETA_MAX - BETA_MIN) - 0.5 * t * BETA_MIN
    return jnp.exp(log_alpha), jnp.sqrt(-jnp.expm1(2 * log_alpha))


def diffuse(a, t, noise):
    alpha, sigma = alpha_sigma(t)
    return alpha[:, None] * a + sigma[:, None] * noise


def score(w, a, t, s, rate=0.0, mask=None):
    """The predicted noise, -sigma times the gradient of f (Eq. 9)."""
    slope = jax.grad(lambda x: density(w, x, t, s, rate, mask).sum())(a)
    return -alpha_sigma(t)[1][:, None] * slope


def denoising_loss(w, a, t, noise, s, rate=0.0, mask=None):
    """Eq. 10."""
    return ((noise - score(w, diffuse(a, t, noise), t, s, rate, mask)) ** 2).sum(1).mean()


def gaps(policy, behavior, a, t, noise, s):
    """f_theta - f_phi [b, K]; a, noise [b, K, A], t [b], s [b, S]; phi is frozen."""
    b, k, size = a.shape
    t, s = jnp.repeat(t, k, 0), jnp.repeat(s, k, 0)
    at = diffuse(a.reshape(b * k, size), t, noise.reshape(b * k, size))
    frozen = jax.lax.stop_gradient(density(behavior, at, t, s))
    return (density(policy, at, t, s) - frozen).reshape(b, k)


def value_loss(gap, labels, temperature, scale):
    """Eq. 14."""
    return -(jax.nn.softmax(scale * labels, 1) * jax.nn.log_softmax(temperature * gap, 1)).sum(1).mean()


def solver_table(evaluations):
    """DPM-Solver++ of order 2 as rows of numbers, an evaluation each: t, alpha, sigma; the weights of the point the step began
    at, of this evaluation's predicted data and of the one's before; 1 where the step ends, otherwise 0."""
    times = [1 + (TIME_MIN - 1) * i / evaluations for i in range(evaluations + 1)]
    logs = [-(BETA_MAX - BETA_MIN) * t**2 / 4 - BETA_MIN * t / 2 for t in times]
    alpha, sigma = [math.exp(log) for log in logs], [math.sqrt(-math.expm1(2 * log)) for log in logs]
    half_log_snr = [log - math.log(s) for log, s in zip(logs, sigma)]

    def weights(i, j):
        """Of the point and of the data, from time i to time j."""
        return sigma[j] / sigma[i], -alpha[j] * math.expm1(half_log_snr[i] - half_log_snr[j])

    rows, i = [], 0
    while i < evaluations:
        left = evaluations - i
        if left > 2 or left == 2 and evaluations % 2:
            rows.append([times[i], alpha[i], sigma[i], *weights(i, i + 1), 0, 0])
            r = (half_log_snr[i + 1] - half_log_snr[i]) / (half_log_snr[i + 2] - half_log_snr[i])
            point, data = weights(i, i + 2)
            rows.append([times[i + 1], alpha[i + 1], sigma[i + 1], point, data / (2 * r), data * (1 - 1 / (2 * r)), 1])
            i += 2
        else:
            rows.append([times[i], alpha[i], sigma[i], *weights(i, i + 1), 0, 1])
            i += 1
    return rows


def sample(w, start, s, evaluations=15):
    """DPM-Solver++ from start [n, A] with s [n, S]: one loop on the device over the rows of the solver's table."""
    table = jnp.array(solver_table(evaluations), dtype=start.dtype)

    def advance(carry, row):
        x, anchor, before = carry
        t = jnp.ones((x.shape[0],), dtype=x.dtype) * row[0]
        data = (x - row[2] * score(w, x, t, s)) / row[1]
        x = row[3] * anchor + row[4] * data + row[5] * before
        return (x, jnp.where(row[6] > 0, x, anchor), data), None

    (x, _, _), _ = jax.lax.scan(advance, (start, start, jnp.zeros_like(start)), table)
    return x


def mlp(key, inputs):
    first, second, third = jax.random.split(key, 3)
    return [linear(first, inputs, CRITIC_WIDTH), linear(second, CRITIC_WIDTH, CRITIC_WIDTH), linear(third, CRITIC_WIDTH, 1)]


def forward(layers, x):
    for layer in layers[:-1]:
        x = jax.nn.relu(apply(layer, x))
    return apply(layers[-1], x)[:, 0]


def both(twin, s, a):
    x = jnp.concatenate([a, s], 1)
    return forward(twin[0], x), forward(twin[1], x)


def value_part(value, target, s, a):
    advantage = jnp.minimum(*both(target, s, a)) - forward(value, s)
    weight = jnp.where(advantage < 0, 1 - EXPECTILE, EXPECTILE)
    return (weight * advantage**2).mean()


def q_part(twin, backup, s, a):
    q1, q2 = both(twin, s, a)
    return (((q1 - backup) ** 2).mean() + ((q2 - backup) ** 2).mean()) / 2


def adam_state(weights):
    zeros = jax.tree_util.tree_map(jnp.zeros_like, weights)
    return {"first": zeros, "second": jax.tree_util.tree_map(jnp.zeros_like, weights), "step": jnp.zeros(())}


def adam(weights, state, gradient, rate):
    """As PyTorch takes it."""
    tree = jax.tree_util.tree_map
    step = state["step"] + 1
    first = tree(lambda m, g: 0.9 * m + 0.1 * g, state["first"], gradient)
    second = tree(lambda v, g: 0.999 * v + 0.001 * g * g, state["second"], gradient)
    size, scale = rate / (1 - 0.9**step), 1 / jnp.sqrt(1 - 0.999**step)
    moved = tree(lambda w, m, v: w - size * m / (jnp.sqrt(v) * scale + 1e-8), weights, first, second)
    return moved, {"first": first, "second": second, "step": step}


def times(key, count):
    return TIME_MIN + (1 - TIME_MIN) * jax.random.uniform(key, (count,))


@functools.partial(jax.jit, static_argnums=(4, 5, 6), donate_argnums=(0, 1))
def pretraining_step(weights, state, key, data, rows, blocks, width):
    keys = jax.random.split(key, 4)
    i = jax.random.randint(keys[0], (rows,), 0, len(data["a"]))
    a, s = data["a"][i], data["s"][i]
    noise = jax.random.normal(keys[1], a.shape)
    mask = (jax.random.uniform(keys[2], (rows, blocks, width)) >= DROPOUT).astype(a.dtype)
    loss, gradient = jax.value_and_grad(denoising_loss)(weights, a, times(keys[3], rows), noise, s, DROPOUT, mask)
    weights, state = adam(weights, state, gradient, PRETRAINING_RATE)
    return weights, state, loss


@functools.partial(jax.jit, static_argnums=(5,), donate_argnums=(0, 1))
def alignment_step(weights, state, behavior, key, data, states):
    keys = jax.random.split(key, 3)
    i = jax.random.randint(keys[0], (states,), 0, len(data["candidates"]))
    a, s, labels = data["candidates"][i], data["s"][i], data["labels"][i]
    noise, t = jax.random.normal(keys[1], a.shape), times(keys[2], states)
    loss, gradient = jax.value_and_grad(lambda w: value_loss(gaps(w, behavior, a, t, noise, s), labels, TEMPERATURE, LABEL_SCALE))(weights)
    weights, state = adam(weights, state, gradient, ALIGNMENT_RATE)
    return weights, state, loss


@jax.jit
def score_step(weights, a, t, s):
    return score(weights, a, t, s)


@functools.partial(jax.jit, static_argnums=(3, 4))
def sampling_step(weights, key, data, states, candidates):
    first, second = jax.random.split(key)
    s = jnp.repeat(data["s"][jax.random.randint(first, (states,), 0, len(data["s"]))], candidates, 0)
    return sample(weights, jax.random.normal(second, (s.shape[0], data["a"].shape[1])), s)


@functools.partial(jax.jit, static_argnums=(3,), donate_argnums=(0,))
def iql_step(critic, key, data, rows):
    i = jax.random.randint(key, (rows,), 0, len(data["a"]))
    s, a, r, s2, done = data["s"][i], data["a"][i], data["r"][i], data["s2"][i], data["done"][i]
    value, twin, target = critic["value"], critic["twin"], critic["target"]
    backup = r + DISCOUNT * (1 - done) * forward(value, s2)
    value_loss_, value_gradient = jax.value_and_grad(value_part)(value, target, s, a)
    q_loss, q_gradient = jax.value_and_grad(q_part)(twin, backup, s, a)
    value, value_state = adam(value, critic["value_state"], value_gradient, CRITIC_RATE)
    twin, twin_state = adam(twin, critic["twin_state"], q_gradient, CRITIC_RATE)
    target = jax.tree_util.tree_map(lambda slow, fast: slow + TARGET_RATE * (fast - slow), target, twin)
    return {"value": value, "twin": twin, "target": target, "value_state": value_state, "twin_state": twin_state}, value_loss_ + q_loss


class Workload:
    """Data, weights and optimizers on the device, and a function a step."""

    def __init__(self, size):
        self.size = size
        self.key = jax.random.PRNGKey(0)
        n, m = size.dataset, size.alignment_set
        self.data = {
            "a": self.uniform((n, size.actions)), "s": self.uniform((n, size.states)), "s2": self.uniform((n, size.states)),
            "r": self.uniform((n,)), "done": (self.uniform((n,)) > 0.98).astype(jnp.float32),
            "candidates": self.uniform((m, size.candidates, size.actions)), "labels": self.uniform((m, size.candidates)),
        }
        self.behavior, self.frozen = bdm(self.next_key(), size), bdm(self.next_key(), size)
        self.policy = jax.tree_util.tree_map(lambda w: w + 0, self.frozen)
        self.behavior_state, self.policy_state = adam_state(self.behavior), adam_state(self.policy)
        value, twin = mlp(self.next_key(), size.states), [mlp(self.next_key(), size.states + size.actions) for _ in range(2)]
        self.critic = {"value": value, "twin": twin, "target": jax.tree_util.tree_map(lambda w: w + 0, twin),
                       "value_state": adam_state(value), "twin_state": adam_state(twin)}
        self.score_times = times(self.next_key(), size.score_rows)
        self.last = None

    def next_key(self):
        self.key, key = jax.random.split(self.key)
        return key

    def uniform(self, shape):
        return jax.random.uniform(self.next_key(), shape, minval=-1.0, maxval=1.0)

    def pretraining_step(self):
        self.behavior, self.behavior_state, self.last = pretraining_step(
            self.behavior, self.behavior_state, self.next_key(), self.data, self.size.rows, self.size.blocks, self.size.width)

    def alignment_step(self):
        self.policy, self.policy_state, self.last = alignment_step(
            self.policy, self.policy_state, self.frozen, self.next_key(), self.data, self.size.alignment_states)

    def score(self):
        n = self.size.score_rows
        self.last = score_step(self.frozen, self.data["a"][:n], self.score_times, self.data["s"][:n])

    def sampling(self, states=None):
        part = self.size.sample_states
        for _ in range(0, states or part, part):
            self.last = sampling_step(self.frozen, self.next_key(), self.data, part, self.size.candidates)

    def iql_step(self):
        self.critic, self.last = iql_step(self.critic, self.next_key(), self.data, self.size.critic_rows)

    def synchronize(self):
        if self.last is not None:
            jax.block_until_ready(self.last)


def main():
    options = timing.arguments("JAX jit doing the engine's steps", list(MATMUL))
    jax.config.update("jax_default_matmul_precision", MATMUL[options.precision])
    jax.config.update("jax_platforms", options.device)
    work = Workload(timing.Size(options.small))

    def repeat(step):
        return lambda count: [step() for _ in range(count)]

    steps, stages = timing.measure(
        options, work.synchronize,
        {"pretraining_step": (work.pretraining_step, 1), "alignment_step": (work.alignment_step, 1), "score": (work.score, 1),
         "sampling": (work.sampling, 0.2), "iql_step": (work.iql_step, 1)},
        {"behavior": (repeat(work.pretraining_step), options.stage_steps),
         "alignment": (repeat(work.alignment_step), options.stage_steps),
         "candidates": (work.sampling, options.stage_states)})
    if options.json:
        timing.save(options.json, "jax", jax.__version__, "jit", jax.devices()[0].device_kind, options.precision, steps, stages)


if __name__ == "__main__":
    main()

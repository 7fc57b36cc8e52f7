"""Policies that are no diffusion models: the deterministic one of implicit Q-learning (arXiv 2110.06169), and a Gaussian
N(tanh(net(s)), diag exp(2 log_std)) with one log_std for all states. Both by advantage-weighted regression; the Gaussian by
behavior cloning where no pair weighs more than another. And the Gaussian's stages in `eda verify --against pytorch`
(follow.py)."""

import torch
import torch.nn as nn
from torch.distributions import Normal

import eda


class Policy(nn.Module):
    """tanh(net(s)) [n, A]."""

    def __init__(self, states, actions, width=eda.CRITIC_WIDTH):
        super().__init__()
        self.net = eda.mlp(states, width, actions)

    def forward(self, s):
        return torch.tanh(self.net(s))


def policy_loss(policy, value, target, s, a, scale, cap=eda.WEIGHT_CAP):
    """The loss and the weights [n]. A step of implicit Q-learning takes it after eda.iql_update, by the networks just moved."""
    weight = eda.advantage_weights(value, target, s, a, scale, cap)
    return (weight * ((policy(s) - a) ** 2).sum(1)).mean(), weight


class Gaussian(nn.Module):
    def __init__(self, states, actions, width):
        super().__init__()
        self.mean = Policy(states, actions, width)
        # After the mean in the state, as the engine has it; a parameter of this module itself would come first.
        self.deviation = nn.ParameterDict({"log_std": nn.Parameter(torch.zeros(actions))})

    def log_likelihood(self, s, a, least, most):
        """log N(a; mean(s), exp(log_std)^2) of each pair. s [n, S] and a [n, A]."""
        return Normal(self.mean(s), self.deviation["log_std"].clamp(least, most).exp()).log_prob(a).sum(1)


def stage(problem):
    """A stage of follow.py."""
    s, a, indices = problem["states"], problem["actions"], torch.from_numpy(problem.tensors["indices"]).long()
    sizes = s.shape[1], a.shape[1], len(problem.tensors["policy/mean.net.0.bias"])
    policy, bounds = problem.load("policy", Gaussian(*sizes)), [problem.number(name) for name in ("least_log_std", "most_log_std")]
    weight = torch.ones(len(s), dtype=s.dtype)
    if "weight_cap" in problem.constants:
        target, value = problem.load("target", eda.TwinQ(*sizes)), problem.load("value", eda.Value(sizes[0], sizes[2]))
        weight = eda.advantage_weights(value, target, s, a, problem.number("advantage_scale"), problem.number("weight_cap"))
    optimizer = torch.optim.Adam(policy.parameters(), lr=problem.number("learning_rate"))
    for step in range(problem.steps):
        i = indices[step]
        loss = -(weight[i] * policy.log_likelihood(s[i], a[i], *bounds)).mean()
        optimizer.param_groups[0]["lr"] = float(problem.tensors["rates"][step])
        eda.gradient_step(optimizer, loss)
        problem.record(step, {"loss": loss}, policy=policy)

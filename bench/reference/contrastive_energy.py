"""The guidance of QGPO (arXiv 2304.12824) by contrastive energy prediction in PyTorch, and its stage in
`eda verify --against pytorch` (follow.py)."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

import eda


class Guidance(nn.Module):
    """g(x, s, t): four hidden layers on the diffused action, 32 features of the time and the state."""

    def __init__(self, states, actions, width):
        super().__init__()
        sizes = [actions + 32 + states] + 4 * [width]
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), nn.SiLU()]
        self.guidance = nn.Sequential(*layers, nn.Linear(width, 1))

    def forward(self, x, features, s):
        return self.guidance(torch.cat([x, features, s], -1)).squeeze(-1)


class Time(nn.Module):
    def __init__(self):
        super().__init__()
        self.time = nn.ModuleList([nn.Linear(32, 32)])

    def forward(self, t, frequencies):
        phase = 2 * math.pi * t[:, None] * frequencies
        return self.time[0](torch.cat([torch.sin(phase), torch.cos(phase)], 1))


def contrast(g, labels, scale):
    """Cross-entropy of the softmax of the labels against that of g, both [b, K]; the mean of the states."""
    return -(F.softmax(scale * labels, 1) * F.log_softmax(g, 1)).sum(1).mean()


def stage(problem):
    """A stage of follow.py."""
    states, candidates, labels, frequencies = (problem[name] for name in ("states", "candidates", "labels", "frequencies"))
    count, choices, size = candidates.shape
    time = problem.load("time", Time())
    guidance = problem.load("guidance", Guidance(states.shape[1], size, len(problem.tensors["guidance/guidance.0.bias"])))
    optimizer = torch.optim.Adam([*time.parameters(), *guidance.parameters()], lr=problem.number("learning_rate"))
    for step in range(problem.steps):
        i = torch.from_numpy(problem.tensors["indices"][step]).long()
        t, noise = problem["times"][step], problem["noise"][step].view(len(i), choices, size)
        alpha, sigma = (values.to(t.dtype)[:, None, None] for values in eda.alpha_sigma(t))
        features, s = time(t, frequencies)[:, None].expand(-1, choices, -1), states[i][:, None].expand(-1, choices, -1)
        loss = contrast(guidance(alpha * candidates[i] + sigma * noise, features, s), labels[i], problem.number("label_scale"))
        optimizer.zero_grad()
        loss.backward()
        # It shifts g of all samples alike: its gradient is 0 but for rounding.
        guidance.guidance[-1].bias.grad.zero_()
        optimizer.step()
        problem.record(step, {"loss": loss}, time=time, guidance=guidance)

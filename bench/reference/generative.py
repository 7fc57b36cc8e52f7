"""Generative models of points in a plane (docs/method.md, "Generative models of Figure 7") in PyTorch."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def perceptron(*widths):
    """Linear layers with ReLU between them."""
    layers = [layer for inputs, outputs in zip(widths, widths[1:]) for layer in (nn.Linear(inputs, outputs), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def vae_loss(encoder, decoder, points, noise, divergence_weight):
    """Kingma and Welling 2014: the squared error, a mean over points and coordinates; the divergence of the posterior from
    N(0, I), a mean over points and latent variables; and their weighted sum, first."""
    mean, log_variance = encoder(points).chunk(2, 1)
    posterior = torch.distributions.Normal(mean, torch.exp(log_variance / 2), validate_args=False)
    error = F.mse_loss(decoder(mean + posterior.stddev * noise), points)
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    divergence = torch.distributions.kl_divergence(posterior, prior).mean()
    return error + divergence_weight * divergence, error, divergence

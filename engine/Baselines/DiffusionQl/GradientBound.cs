namespace EDA.Engine.Baselines.DiffusionQl;

/// <summary>Shortens the gradients of some parameters, taken as one vector, where it is longer than a bound: as PyTorch's clip_grad_norm_.</summary>
internal sealed class GradientBound
{
    private const double Epsilon = 1e-6;

    private readonly TrainedParameters[] _trained;
    private readonly float[][] _gradients;
    private readonly double _bound;

    /// <param name="bound">The largest norm; 0 for none.</param>
    /// <param name="trained">The parameters.</param>
    public GradientBound(double bound, params TrainedParameters[] trained)
    {
        (_bound, _trained) = (bound, trained);
        _gradients = [.. trained.Select(parameters => bound == 0 ? [] : new float[parameters.Gradient.Length])];
    }

    /// <summary>Shortens what <see cref="TrainedParameters.Gradient"/> holds.</summary>
    public void Apply()
    {
        if (_bound == 0)
            return;
        double squares = 0;
        for (int i = 0; i < _trained.Length; i++)
        {
            _trained[i].Gradient.CopyTo(_gradients[i]);
            foreach (float slope in _gradients[i])
                squares += (double)slope * slope;
        }

        float factor = (float)(_bound / (Math.Sqrt(squares) + Epsilon));
        if (factor >= 1)
            return;
        for (int i = 0; i < _trained.Length; i++)
        {
            var gradient = _gradients[i];
            for (int j = 0; j < gradient.Length; j++)
                gradient[j] *= factor;
            _trained[i].Gradient.CopyFrom(gradient);
        }
    }
}

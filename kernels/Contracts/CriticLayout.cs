namespace EDA.Kernels;

/// <summary>
/// The order of a critic's parameters: one flat array for the twins (their targets have the same order), one for V,
/// one for the deterministic policy. Tensors have the names they have within the published modules TwinQ (<c>q1</c>,
/// <c>q2</c>), ValueFunction (<c>v</c>) and Dirac_Policy (<c>net</c>).
/// </summary>
public sealed class CriticLayout
{
    /// <summary>Lays out the parameters of a critic.</summary>
    /// <param name="shape">The sizes of the networks.</param>
    public CriticLayout(CriticShape shape)
    {
        Shape = shape;
        Twin = new MlpLayout(Network(shape.InputSize, 1), "q1", "q2");
        Value = new MlpLayout(Network(shape.StateSize, 1), "v");
        Policy = new MlpLayout(Network(shape.StateSize, shape.ActionSize), "net");

        MlpShape Network(int inputs, int outputs) => new(inputs, [shape.Width, shape.Width], outputs, MlpActivation.Relu);
    }

    /// <summary>The sizes of the networks.</summary>
    public CriticShape Shape { get; }

    /// <summary>Q₁ and Q₂, [A + S] → H → H → 1.</summary>
    public MlpLayout Twin { get; }

    /// <summary>V, [S] → H → H → 1.</summary>
    public MlpLayout Value { get; }

    /// <summary>The deterministic policy before its tanh, [S] → H → H → A.</summary>
    public MlpLayout Policy { get; }
}

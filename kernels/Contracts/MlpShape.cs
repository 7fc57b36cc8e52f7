namespace EDA.Kernels;

/// <summary>What stands between the layers of a multi-layer perceptron.</summary>
public enum MlpActivation
{
    /// <summary>max(0, z); its derivative at 0 is 0, as in PyTorch.</summary>
    Relu,

    /// <summary>z·σ(z).</summary>
    SiLU,

    /// <summary>z·tanh(softplus(z)).</summary>
    Mish,

    /// <summary>tanh z.</summary>
    Tanh,
}

/// <summary>What the last layer of a multi-layer perceptron gives.</summary>
public enum MlpOutput
{
    /// <summary>z as it is.</summary>
    Plain,

    /// <summary>tanh z, in [-1, 1] as actions are.</summary>
    Tanh,
}

/// <summary>
/// The sizes of a multi-layer perceptron, [in] → [h₁] → … → [out]: linear layers with an activation between them. Without
/// a hidden layer it is one linear layer.
/// </summary>
public sealed record MlpShape
{
    /// <summary>Makes a shape.</summary>
    /// <param name="inputSize">What the network reads, at least 1.</param>
    /// <param name="hiddenWidths">The widths of the hidden layers, first to last, at least 1 each; none for a linear network.</param>
    /// <param name="outputSize">What the network gives, at least 1.</param>
    /// <param name="activation">What stands between the layers.</param>
    /// <param name="output">What the last layer gives.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size or a kind is outside its range, or the parameters are too many to count in an int.</exception>
    public MlpShape(int inputSize, IReadOnlyList<int> hiddenWidths, int outputSize, MlpActivation activation, MlpOutput output = MlpOutput.Plain)
    {
        ArgumentNullException.ThrowIfNull(hiddenWidths);
        if (inputSize < 1)
            throw new ArgumentOutOfRangeException(nameof(inputSize), inputSize, "inputSize must be 1 or more");
        if (outputSize < 1)
            throw new ArgumentOutOfRangeException(nameof(outputSize), outputSize, "outputSize must be 1 or more");
        foreach (int width in hiddenWidths)
        {
            if (width < 1)
                throw new ArgumentOutOfRangeException(nameof(hiddenWidths), width, "a hidden width must be 1 or more");
        }

        if (!Enum.IsDefined(activation))
            throw new ArgumentOutOfRangeException(nameof(activation), activation, $"activation must be one of {string.Join(", ", Enum.GetNames<MlpActivation>())}");
        if (!Enum.IsDefined(output))
            throw new ArgumentOutOfRangeException(nameof(output), output, $"output must be one of {string.Join(", ", Enum.GetNames<MlpOutput>())}");
        (InputSize, HiddenWidths, OutputSize, Activation, Output) = (inputSize, Array.AsReadOnly([.. hiddenWidths]), outputSize, activation, output);
        Int128 count = 0;
        for (int layer = 0; layer < Layers; layer++)
            count += (Int128)LayerOutput(layer) * ((Int128)LayerInput(layer) + 1);
        if (count > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(hiddenWidths), $"the network is too large: {count} parameters where at most {int.MaxValue} are allowed");
        ParameterCount = (int)count;
    }

    /// <summary>What the network reads.</summary>
    public int InputSize { get; }

    /// <summary>The widths of the hidden layers, first to last.</summary>
    public IReadOnlyList<int> HiddenWidths { get; }

    /// <summary>What the network gives.</summary>
    public int OutputSize { get; }

    /// <summary>What stands between the layers.</summary>
    public MlpActivation Activation { get; }

    /// <summary>What the last layer gives.</summary>
    public MlpOutput Output { get; }

    /// <summary>P, the number of parameters.</summary>
    public int ParameterCount { get; }

    /// <summary>The number of linear layers, one more than there are hidden ones.</summary>
    public int Layers => HiddenWidths.Count + 1;

    /// <summary>Floating-point operations of one forward pass for one row; a gradient adds as many for the parameters, and nearly as many for the input.</summary>
    public long ForwardWork
    {
        get
        {
            long work = 0;
            for (int layer = 0; layer < Layers; layer++)
                work += 2L * LayerInput(layer) * LayerOutput(layer);
            return work;
        }
    }

    /// <summary>What a linear layer reads.</summary>
    /// <param name="layer">The layer, from 0.</param>
    /// <returns>Its number of inputs.</returns>
    public int LayerInput(int layer) => layer == 0 ? InputSize : HiddenWidths[layer - 1];

    /// <summary>What a linear layer gives.</summary>
    /// <param name="layer">The layer, from 0.</param>
    /// <returns>Its number of outputs.</returns>
    public int LayerOutput(int layer) => layer == HiddenWidths.Count ? OutputSize : HiddenWidths[layer];

    /// <summary>Whether two networks have the same layers.</summary>
    /// <param name="other">The other.</param>
    /// <returns>Whether they have.</returns>
    public bool Equals(MlpShape? other) =>
        other is not null && (InputSize, OutputSize, Activation, Output) == (other.InputSize, other.OutputSize, other.Activation, other.Output) && HiddenWidths.SequenceEqual(other.HiddenWidths);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add((InputSize, OutputSize, Activation, Output));
        foreach (int width in HiddenWidths)
            hash.Add(width);
        return hash.ToHashCode();
    }
}

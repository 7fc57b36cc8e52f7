namespace EDA.Kernels.Gpu;

/// <summary>What an epilogue read where its sums belong, at most two arrays' elements.</summary>
public struct EpilogueInputs
{
    /// <summary>Of one array.</summary>
    public Float4 First;

    /// <summary>Of another.</summary>
    public Float4 Second;
}

/// <summary>
/// What happens to the sums of a product while they are still on the chip, four neighbouring columns at a time. Reading and
/// writing are apart so that the reads of several quads are on their way together.
/// </summary>
public interface ISumsEpilogue
{
    /// <summary>Whether the four columns from a multiple of 4 on stand at a multiple of 16 bytes in every array, as long as their rows do.</summary>
    bool IsAligned { get; }

    /// <summary>Finds this group's model in the arrays, once for all quads.</summary>
    void Begin();

    /// <summary>Reads what <see cref="Store"/> needs.</summary>
    /// <param name="quad">Where.</param>
    /// <returns>What was read.</returns>
    EpilogueInputs Load(Quad quad);

    /// <summary>Takes in four sums.</summary>
    /// <param name="quad">Where they belong.</param>
    /// <param name="sums">The sums.</param>
    /// <param name="inputs">What <see cref="Load"/> read there.</param>
    void Store(Quad quad, Float4 sums, EpilogueInputs inputs);
}

/// <summary>The epilogue of a layer; each is compiled with each precision (<see cref="KernelCatalogue"/>).</summary>
public interface IEpilogue : ISumsEpilogue;

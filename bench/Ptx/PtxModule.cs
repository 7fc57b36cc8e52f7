namespace EDA.Bench.Ptx;

/// <summary>A variable in shared memory.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Start">Its address.</param>
/// <param name="Length">Its bytes.</param>
public sealed record PtxVariable(string Name, int Start, int Length);

/// <summary>A load of a part of the arguments.</summary>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Size">How many bytes.</param>
/// <param name="Line">The line.</param>
public readonly record struct PtxParameterLoad(long Offset, int Size, int Line);

/// <summary>A kernel, decoded. It is not changed any more, and any number of threads may run it.</summary>
public sealed class PtxModule
{
    /// <summary>The kernel's name.</summary>
    public required string Name { get; init; }

    /// <summary>The text it was decoded from.</summary>
    public required string Text { get; init; }

    /// <summary>Its instructions.</summary>
    public required PtxInstruction[] Code { get; init; }

    /// <summary>The bytes of its arguments.</summary>
    public required int ParameterLength { get; init; }

    /// <summary>What it reads of them.</summary>
    public required IReadOnlyList<PtxParameterLoad> ParameterLoads { get; init; }

    /// <summary>A warp's register file as the warp begins: registers are poisoned, constants stand where instructions look for them.</summary>
    public required byte[] Registers { get; init; }

    /// <summary>Where special registers are found in the register file, by name.</summary>
    public required IReadOnlyDictionary<string, int> Specials { get; init; }

    /// <summary>Shared memory.</summary>
    public required IReadOnlyList<PtxVariable> Shared { get; init; }

    /// <summary>The bytes of shared memory, with the gaps between variables.</summary>
    public required int SharedLength { get; init; }
}

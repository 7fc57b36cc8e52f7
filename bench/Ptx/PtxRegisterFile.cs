using System.Runtime.InteropServices;

namespace EDA.Bench.Ptx;

/// <summary>What a place in the register file is.</summary>
public enum PtxKind
{
    /// <summary>A bit for each lane.</summary>
    Predicate,

    /// <summary>16 bits for each lane, which take the place of 32.</summary>
    Short,

    /// <summary>32 bits for each lane.</summary>
    Word,

    /// <summary>64 bits for each lane.</summary>
    Double,
}

/// <summary>Gives registers, constants and special registers their places in the register file.</summary>
public sealed class PtxRegisterFile
{
    // All lanes of a register; a vector's alignment.
    private const int Alignment = 64;

    // Neither none nor all, nor the same in neighbours: whoever uses a predicate that was never set goes astray.
    private const uint PredicatePoison = 0xAAAAAAAA;

    private static readonly HashSet<string> KnownSpecials =
    [
        "%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y", "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid",
    ];

    private readonly List<byte> _image = [];
    private readonly Dictionary<(PtxKind Kind, ulong Bits), int> _constants = [];
    private readonly Dictionary<string, int> _specials = [];
    private readonly Stack<Dictionary<string, (PtxKind Kind, int At)>> _scopes = new();

    /// <summary>Where special registers are, by name.</summary>
    public IReadOnlyDictionary<string, int> Specials => _specials;

    /// <summary>The file as a warp begins.</summary>
    public byte[] Image => [.. _image];

    /// <summary>Opens a scope of names.</summary>
    public void Open() => _scopes.Push([]);

    /// <summary>Closes it.</summary>
    /// <returns>Whether one was open.</returns>
    public bool Close() => _scopes.TryPop(out _);

    /// <summary>Declares a register in the innermost scope.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="kind">What it is.</param>
    /// <exception cref="PtxFormatException">The scope has one of that name.</exception>
    public void Declare(string name, PtxKind kind)
    {
        if (!_scopes.Peek().TryAdd(name, (kind, Reserve(kind, kind == PtxKind.Predicate ? PredicatePoison : ulong.MaxValue))))
            throw new PtxFormatException($"{name} is declared twice");
    }

    /// <summary>A register.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="kind">What it must be.</param>
    /// <returns>Its place.</returns>
    /// <exception cref="PtxFormatException">There is none of that name, or it is something else.</exception>
    public int Register(string name, PtxKind kind)
    {
        foreach (var scope in _scopes)
        {
            if (scope.TryGetValue(name, out var register))
                return register.Kind == kind ? register.At : throw new PtxFormatException($"{name} is a {register.Kind}, not a {kind}");
        }

        throw new PtxFormatException($"{name} is not declared");
    }

    /// <summary>A special register of 32 bits.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="at">Its place.</param>
    /// <returns>Whether there is one.</returns>
    public bool TrySpecial(string name, out int at)
    {
        if (_specials.TryGetValue(name, out at))
            return true;
        if (!KnownSpecials.Contains(name))
            return false;
        _specials.Add(name, at = Reserve(PtxKind.Word, ulong.MaxValue));
        return true;
    }

    /// <summary>A constant, the same for all lanes.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="bits">Its bits; of a predicate all of them or none.</param>
    /// <returns>Its place.</returns>
    public int Constant(PtxKind kind, ulong bits)
    {
        if (!_constants.TryGetValue((kind, bits), out int at))
            _constants.Add((kind, bits), at = Reserve(kind, bits));
        return at;
    }

    private int Reserve(PtxKind kind, ulong bits)
    {
        int at = _image.Count;
        if (kind == PtxKind.Predicate)
        {
            uint mask = (uint)bits;
            _image.AddRange(MemoryMarshal.AsBytes([mask]));
            while (_image.Count % Alignment != 0)
                _image.Add(0);
            return at;
        }

        for (int lane = 0; lane < PtxWarp.Size; lane++)
        {
            if (kind != PtxKind.Double)
                _image.AddRange(MemoryMarshal.AsBytes([(uint)bits]));
            else
                _image.AddRange(MemoryMarshal.AsBytes([bits]));
        }

        return at;
    }
}

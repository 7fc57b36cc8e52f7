using EDA.Kernels;

namespace EDA.Engine.Checkpoints;

/// <summary>
/// Fills parameter arrays from a file's tensors by name and gathers whatever does not fit, to be told in one line.
/// </summary>
internal sealed class TensorMatch
{
    /// <summary>How many tensors an error message names before it only counts them.</summary>
    private const int NamedInMessage = 6;

    private readonly List<string> _inOrder;
    private readonly Dictionary<string, NamedTensor> _tensors;
    private readonly List<string> _missing = [];
    private readonly List<string> _misshapen = [];

    public TensorMatch(IReadOnlyList<NamedTensor> tensors)
    {
        _inOrder = [.. tensors.Select(tensor => tensor.Name)];
        _tensors = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>One dimension of a tensor; null where there is no such tensor or dimension.</summary>
    public int? Size(string name, int dimension) =>
        _tensors.TryGetValue(name, out var tensor) && tensor.Shape.Count > dimension ? tensor.Shape[dimension] : null;

    /// <summary>Whether any tensor's name begins so.</summary>
    public bool HasAny(string prefix) => _tensors.Keys.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Takes the tensors of a layout's slices out of the set.</summary>
    /// <param name="slices">The slices.</param>
    /// <param name="prefix">What stands before their names in the file.</param>
    /// <param name="length">The length of the flat array.</param>
    /// <returns>The flat array; zero where a tensor did not fit.</returns>
    public float[] Take(IReadOnlyList<ParameterSlice> slices, string prefix, int length)
    {
        var parameters = new float[length];
        foreach (var slice in slices)
        {
            if (!_tensors.Remove(prefix + slice.Name, out var tensor))
                _missing.Add($"{prefix}{slice.Name} {Show(slice.Dimensions)}");
            else if (!tensor.Shape.SequenceEqual(slice.Dimensions))
                _misshapen.Add($"{tensor.Name} is {Show(tensor.Shape)} and not {Show(slice.Dimensions)}");
            else
                tensor.Values.CopyTo(parameters.AsSpan(slice.Offset));
        }

        return parameters;
    }

    /// <summary>Takes tensors that are allowed and of no use out of the set.</summary>
    public void Ignore(Func<string, bool> isUnused)
    {
        foreach (string name in _tensors.Keys.Where(isUnused).ToList())
            _tensors.Remove(name);
    }

    /// <summary>Refuses the file if a tensor was missing or misshapen, or is left over.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it should hold, for instance <c>the weights of a critic</c>.</param>
    /// <exception cref="InvalidFileException">Something did not fit.</exception>
    public void Finish(string path, string what)
    {
        if (_missing.Count + _misshapen.Count + _tensors.Count == 0)
            return;
        string[] faults = [Fault("missing", _missing), Fault("not expected", [.. _inOrder.Where(_tensors.ContainsKey)]), Fault("wrong shape", _misshapen)];
        throw new InvalidFileException(path, $"not {what}: " + string.Join("; ", faults.Where(fault => fault.Length > 0)));
    }

    /// <summary>Names some tensors and counts the rest; nothing for none.</summary>
    public static string Fault(string kind, List<string> names) => names.Count == 0
        ? string.Empty
        : $"{kind} {string.Join(", ", names.Take(NamedInMessage))}{(names.Count > NamedInMessage ? $" and {names.Count - NamedInMessage} more" : string.Empty)}";

    private static string Show(IReadOnlyList<int> shape) => $"[{string.Join("×", shape)}]";
}

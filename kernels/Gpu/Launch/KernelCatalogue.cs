using System.Reflection;

namespace EDA.Kernels.Gpu;

/// <summary>A kernel as it is compiled: closed, with the size of its groups.</summary>
/// <param name="Name">A name that no other has.</param>
/// <param name="Method">Its entry point.</param>
/// <param name="GroupSize">The items of a group.</param>
public sealed record KernelEntry(string Name, MethodInfo Method, int GroupSize);

/// <summary>Every kernel there is: what tests compile, walk and run.</summary>
public static class KernelCatalogue
{
    /// <summary>The products: each precision in each size of tile.</summary>
    public static IReadOnlyList<Type> Precisions { get; } = Implementations(typeof(IProduct));

    /// <summary>All kernels, those of every precision and epilogue included.</summary>
    public static IReadOnlyList<KernelEntry> All { get; } = [.. Plain(), .. Products(), .. Halves()];

    private static IEnumerable<KernelEntry> Plain() =>
        from type in typeof(KernelCatalogue).Assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Static)
        let mark = method.GetCustomAttribute<GpuKernelAttribute>()
        where mark is not null
        select new KernelEntry(type.Name, method, mark.GroupSize);

    private static IEnumerable<KernelEntry> Products()
    {
        foreach (var precision in Precisions)
        {
            foreach (var epilogue in Implementations(typeof(IEpilogue)))
                yield return Entry(KernelName.Product(precision, epilogue), precision, typeof(MatrixProduct<,>).MakeGenericType(precision, epilogue));
            yield return Entry(KernelName.WeightGradient(precision), precision, typeof(WeightGradient<>).MakeGenericType(precision));
        }
    }

    // Each epilogue with the layout it is used with: of a layer, of a transposed one, or both.
    private static IEnumerable<KernelEntry> Halves() =>
        from pair in new[]
        {
            (typeof(StraightLayout), typeof(HalfActivationEpilogue)), (typeof(StraightLayout), typeof(ResidualEpilogue)), (typeof(StraightLayout), typeof(HalfSlopeEpilogue)),
            (typeof(TransposedLayout), typeof(HalfSlopeEpilogue)), (typeof(TransposedLayout), typeof(HalfAdjointSlopeEpilogue)), (typeof(TransposedLayout), typeof(StoreEpilogue)),
        }
        select new KernelEntry(KernelName.Half(pair.Item1, pair.Item2), typeof(HalfProduct<,>).MakeGenericType(pair.Item1, pair.Item2).GetMethod("Run")!, HalfTile.GroupSize);

    private static KernelEntry Entry(string name, Type precision, Type type) =>
        new(name, type.GetMethod("Run")!, ((IProduct)Activator.CreateInstance(precision)!).GroupSize);

    private static List<Type> Implementations(Type contract) =>
        [.. typeof(KernelCatalogue).Assembly.GetTypes().Where(type => type.IsValueType && contract.IsAssignableFrom(type)).OrderBy(type => type.Name, StringComparer.Ordinal)];
}

/// <summary>The names of products by their parts.</summary>
internal static class KernelName
{
    public static string Product(Type precision, Type epilogue) =>
        $"product_{Short(precision, "Product")}_{Short(epilogue, "Epilogue")}";

    public static string Half(Type layout, Type epilogue)
    {
        string name = Short(epilogue, "Epilogue");
        return $"product_fp16_{Short(layout, "Layout")}_{(name.StartsWith("half_", StringComparison.Ordinal) ? name["half_".Length..] : name)}";
    }

    public static string WeightGradient(Type precision) => $"weight_gradient_{Short(precision, "Product")}";

    // AdjointSlopeEpilogue → adjoint_slope
    private static string Short(Type type, string suffix)
    {
        string name = type.Name.EndsWith(suffix, StringComparison.Ordinal) ? type.Name[..^suffix.Length] : type.Name;
        return string.Concat(name.Select((letter, i) => char.IsUpper(letter) && i > 0 ? $"_{char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}"));
    }
}

namespace EDA.Kernels.Gpu;

/// <summary>The groups of a launch.</summary>
/// <param name="X">Along the rows.</param>
/// <param name="Y">Along the columns.</param>
/// <param name="Z">Models.</param>
public readonly record struct GridSize(int X, int Y = 1, int Z = 1);

/// <summary>What a launch does at the least, for shares of the device's peaks.</summary>
/// <param name="Flop">Floating-point operations.</param>
/// <param name="Bytes">Bytes moved, each array once.</param>
public readonly record struct KernelWork(double Flop, double Bytes);

/// <summary>Sees every launch: what a profile is made of.</summary>
public interface ILaunchObserver
{
    /// <summary>A kernel is about to be launched.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="grid">Its groups.</param>
    /// <param name="groupSize">The items of a group.</param>
    /// <param name="work">What it does.</param>
    void Launching(string name, GridSize grid, int groupSize, KernelWork work);

    /// <summary>It has been launched.</summary>
    void Launched();
}

/// <summary>The launches of an operation: they depend on the call, and on nothing of their owner that changes from one call to the next.</summary>
/// <typeparam name="TOwner">Whose operation.</typeparam>
/// <typeparam name="TCall">Its arguments.</typeparam>
/// <param name="owner">Whose operation.</param>
/// <param name="call">Its arguments.</param>
public delegate void Launches<TOwner, TCall>(TOwner owner, in TCall call);

/// <summary>
/// What runs the kernels: a GPU through ILGPU, ILGPU's own CPU accelerator, or the stand-in. Launches run in order.
/// </summary>
public abstract class GpuBackend : IDisposable
{
    // Kernels know an array by its address, which tells the garbage collector nothing: it would take an array whose last
    // use in the program is a launch, and free its memory under the kernel.
    private readonly HashSet<object> _held = new(ReferenceEqualityComparer.Instance);

    /// <summary>A short name.</summary>
    public abstract string Name { get; }

    /// <summary>Whether it runs kernels that use <see cref="TensorCores"/>.</summary>
    public virtual bool HasTensorCores => true;

    /// <summary>Sees every launch; null for none. Nothing is recorded or replayed while it is set.</summary>
    public ILaunchObserver? Observer { get; set; }

    /// <summary>
    /// Whether each replay of a recording is preceded by a look whether the launches would still be the same: a check of
    /// this library's own code, which costs more than the recording saves.
    /// </summary>
    public bool ChecksRecordings { get; init; }

    /// <summary>Whether a launch returns before the kernel has run.</summary>
    public virtual bool IsAsynchronous => false;

    /// <summary>How many arrays were made and not given back. They live until then, or as long as this.</summary>
    public int HeldArrays
    {
        get
        {
            lock (_held)
                return _held.Count;
        }
    }

    /// <summary>What the kernels loaded so far take of the device; empty where the device cannot tell.</summary>
    public virtual IReadOnlyCollection<KernelResources> Resources => [];

    /// <summary>Makes an array of zeros.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="length">The number of elements.</param>
    /// <returns>The array. It is not collected before it is disposed of or the backend goes: views of it stay good.</returns>
    public abstract GpuArray<T> Allocate<T>(long length)
        where T : unmanaged;

    /// <summary>Makes an array with the given contents.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="values">The contents.</param>
    /// <returns>The array.</returns>
    public GpuArray<T> Upload<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var array = Allocate<T>(values.Length);
        array.CopyFrom(values);
        return array;
    }

    /// <summary>Compiles a kernel.</summary>
    /// <typeparam name="TArguments">Its arguments.</typeparam>
    /// <param name="name">The name it is known by in profiles.</param>
    /// <param name="groupSize">The items of a group.</param>
    /// <param name="kernel">A static method.</param>
    /// <returns>The kernel, which belongs to this.</returns>
    public abstract LoadedKernel<TArguments> Load<TArguments>(string name, int groupSize, Action<TArguments> kernel)
        where TArguments : struct;

    /// <summary>
    /// Runs the launches of an operation, or a recording of them. They see the call and nothing else: what differs from
    /// one step to the next, such as the place in a random stream, is put on the device before. With an
    /// <see cref="Observer"/>, which must see every launch, no recording is used.
    /// </summary>
    /// <typeparam name="TOwner">Whose operation.</typeparam>
    /// <typeparam name="TCall">Its arguments.</typeparam>
    /// <param name="owner">Whose operation; see <see cref="Forget"/>.</param>
    /// <param name="call">Its arguments: a recording is replayed for an equal record alone.</param>
    /// <param name="launches">The launches; may be called again where they could not be recorded.</param>
    public virtual void Run<TOwner, TCall>(TOwner owner, in TCall call, Launches<TOwner, TCall> launches)
        where TOwner : class
        where TCall : struct, IEquatable<TCall>
    {
        ArgumentNullException.ThrowIfNull(launches);
        launches(owner, call);
    }

    /// <summary>Forgets recordings: their arrays are about to go.</summary>
    /// <param name="owner">Whose.</param>
    public virtual void Forget(object owner)
    {
    }

    /// <summary>Waits until everything launched has finished.</summary>
    public abstract void Synchronize();

    /// <summary>Marks this moment on the device's clock, between the launches before and after.</summary>
    /// <returns>The mark, owned by the caller.</returns>
    public abstract ITimeMark Mark();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    // Where launches are written down; null for nowhere.
    internal LaunchLog? Log { get; set; }

    // Whether they are written down and not made.
    internal bool OnlyLogs { get; set; }

    internal void Hold(object array)
    {
        lock (_held)
            _held.Add(array);
    }

    internal void Release(object array)
    {
        lock (_held)
            _held.Remove(array);
    }

    /// <summary>Gives everything back.</summary>
    /// <param name="disposing">False when called by a finaliser.</param>
    protected abstract void Dispose(bool disposing);
}

/// <summary>A kernel ready to run.</summary>
/// <typeparam name="TArguments">Its arguments.</typeparam>
/// <param name="backend">What runs it.</param>
/// <param name="name">The name it is known by in profiles.</param>
/// <param name="groupSize">The items of a group.</param>
public abstract class LoadedKernel<TArguments>(GpuBackend backend, string name, int groupSize)
    where TArguments : struct
{
    /// <summary>The name it is known by in profiles.</summary>
    public string Name => name;

    /// <summary>The items of a group.</summary>
    protected int GroupSize => groupSize;

    /// <summary>Runs it, after what was launched before.</summary>
    /// <param name="grid">The groups; none where one of the sizes is 0.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="work">What it does.</param>
    public void Launch(GridSize grid, in TArguments arguments, KernelWork work)
    {
        backend.Log?.Add(name, grid, arguments);
        if (backend.OnlyLogs)
            return;
        backend.Observer?.Launching(name, grid, groupSize, work);
        Run(grid, arguments);
        backend.Observer?.Launched();
    }

    /// <summary>Runs it.</summary>
    /// <param name="grid">The groups.</param>
    /// <param name="arguments">The arguments.</param>
    protected abstract void Run(GridSize grid, in TArguments arguments);
}

/// <summary>An array in the memory of a <see cref="GpuBackend"/>.</summary>
/// <typeparam name="T">The element type.</typeparam>
/// <param name="backend">Whose memory.</param>
/// <param name="length">The number of elements.</param>
public abstract class GpuArray<T>(GpuBackend backend, long length) : DeviceArray<T>(length)
    where T : unmanaged
{
    /// <summary>Whose memory.</summary>
    public GpuBackend Backend => backend;

    /// <summary>All of it, as kernels see it.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public abstract ArrayView<T> View { get; }

    /// <summary>Its first element, counted from the beginning of the memory it stands in, which is aligned for every type.</summary>
    internal virtual long Start => 0;

    /// <inheritdoc/>
    public override DeviceArray<T> Slice(long offset, long length)
    {
        Check(offset, length);
        return new GpuSlice<T>(this, offset, length);
    }

    /// <summary>Keeps it from being collected until it is disposed of; a constructor's last word.</summary>
    protected void Hold() => Backend.Hold(this);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => Backend.Release(this);

    /// <summary>Refuses elements that are not there.</summary>
    /// <param name="offset">The first.</param>
    /// <param name="count">How many.</param>
    protected void Check(long offset, long count)
    {
        if (offset < 0 || count < 0 || count > Length - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"elements {offset} to {offset + count} are not within an array of {Length}");
    }
}

/// <summary>A part of an array, on the same memory.</summary>
internal sealed class GpuSlice<T>(GpuArray<T> whole, long first, long length) : GpuArray<T>(whole.Backend, length)
    where T : unmanaged
{
    public override ArrayView<T> View => whole.View.SubView(first, Length);

    internal override long Start => whole.Start + first;

    public override void CopyFrom(ReadOnlySpan<T> source, long offset = 0)
    {
        Check(offset, source.Length);
        whole.CopyFrom(source, first + offset);
    }

    public override void CopyTo(Span<T> destination, long offset = 0)
    {
        Check(offset, destination.Length);
        whole.CopyTo(destination, first + offset);
    }

    protected override void Dispose(bool disposing)
    {
    }
}

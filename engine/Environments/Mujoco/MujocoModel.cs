using System.Text;
using EDA.Kernels;

namespace EDA.Engine.Environments.Mujoco;

/// <summary>A compiled model (mjModel). It never changes, so any number of simulations on any threads share it.</summary>
public sealed class MujocoModel : IDisposable
{
    private nint _address;

    private MujocoModel(MujocoLibrary library, nint address) => (Library, _address) = (library, address);

    /// <summary>Gives the memory back.</summary>
    ~MujocoModel() => Release();

    /// <summary>The count of generalised coordinates, nq.</summary>
    public int PositionCount => Size(StatePart.Positions);

    /// <summary>The count of degrees of freedom, nv.</summary>
    public int VelocityCount => Size(StatePart.Velocities);

    /// <summary>The count of actuators, nu.</summary>
    public int ControlCount => Size(StatePart.Controls);

    /// <summary>The library it belongs to.</summary>
    internal MujocoLibrary Library { get; }

    /// <summary>The mjModel.</summary>
    internal nint Address => _address != 0 ? _address : throw new ObjectDisposedException(nameof(MujocoModel));

    /// <summary>Compiles a description.</summary>
    /// <param name="mjcf">The model in MuJoCo's XML.</param>
    /// <returns>The model, owned by the caller.</returns>
    /// <exception cref="MissingLibraryException">There is no MuJoCo library.</exception>
    /// <exception cref="InvalidFileException">The text is no model.</exception>
    public static MujocoModel FromText(string mjcf) => FromText(MujocoLibrary.OfMachine.Calls, mjcf);

    /// <summary>Compiles a model file, with the files it refers to.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The model, owned by the caller.</returns>
    /// <exception cref="MissingLibraryException">There is no MuJoCo library.</exception>
    /// <exception cref="InvalidFileException">The file is no model.</exception>
    public static MujocoModel FromFile(string path)
    {
        var library = MujocoLibrary.OfMachine.Calls;
        return new MujocoModel(library, library.LoadXml(path));
    }

    /// <summary>Finds a body.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its number, for <see cref="MujocoPoses"/>.</returns>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public int FindBody(string name)
    {
        int body = Library.FindBody(Address, name);
        GC.KeepAlive(this);
        return body >= 0 ? body : throw new ArgumentException($"the model has no body {name}", nameof(name));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    internal static MujocoModel FromText(MujocoLibrary library, string mjcf)
    {
        // A file, because the structure for files in memory differs from release to release.
        string path = Path.Combine(Path.GetTempPath(), $"eda-model-{Guid.NewGuid():N}.xml");
        try
        {
            using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
                file.Write(Encoding.UTF8.GetBytes(mjcf));
            return new MujocoModel(library, library.LoadXml(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private int Size(StatePart part)
    {
        int size = Library.State.Size(Address, part);

        // Until now it must not be finalised.
        GC.KeepAlive(this);
        return size;
    }

    private void Release()
    {
        nint address = Interlocked.Exchange(ref _address, 0);
        if (address != 0)
            Library.DeleteModel(address);
    }
}
